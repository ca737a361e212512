package vmm.block.qcow2;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import vmm.linux.IoVector;

/** Memory that is all zeros, to be written from. */
final class Zeros {
    private static final long SIZE = 64 << 10;

    private static final MemorySegment MEMORY = Arena.global().allocate(SIZE, 4096);

    private Zeros() {}

    /** Adds {@code length} bytes of zeros to {@code vector}, which has room for them if it can grow. */
    static void addTo(IoVector vector, long length) {
        for (long left = length; left > 0; left -= SIZE) {
            vector.append(MEMORY.address(), Math.min(left, SIZE));
        }
    }
}
