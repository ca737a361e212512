package vmm.scsi.block;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;

/** Memory that holds the same over and over. */
final class Pattern {
    private Pattern() {}

    /** Fills {@code memory} with copies of its first {@code length} bytes; the last copy may not fit as a whole. */
    static void repeat(MemorySegment memory, long length) {
        for (long done = length; done < memory.byteSize(); ) {
            long part = Math.min(done, memory.byteSize() - done);
            MemorySegment.copy(memory, 0, memory, done, part);
            done += part;
        }
    }

    /** True if the first {@code length} bytes, at least 1, are zeros. */
    static boolean isZero(MemorySegment memory, long length) {
        return memory.get(JAVA_BYTE, 0) == 0 && MemorySegment.mismatch(memory, 0, length - 1, memory, 1, length) == -1;
    }
}
