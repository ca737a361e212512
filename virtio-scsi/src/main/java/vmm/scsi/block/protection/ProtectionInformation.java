package vmm.scsi.block.protection;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The eight bytes that protect a block (SBC-4 4.21.3): logical block guard, application tag, reference tag. Handled as
 * one number, as they are on the wire.
 */
public final class ProtectionInformation {
    /** How many bytes there are for each block. */
    public static final int BYTES = 8;

    /** All ones: of a block that has been unmapped or never written. Nothing is checked. */
    public static final long NONE = -1;

    private static final ValueLayout.OfLong WIRE = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final long UNCHECKED_APPLICATION_TAG = 0xffff;
    private static final long UNCHECKED_REFERENCE_TAG = 0xffff_ffffL;

    /** What is wrong with a block. */
    public enum Fault {
        NONE,
        GUARD,
        REFERENCE_TAG
    }

    private ProtectionInformation() {}

    /** Reads it from where the wire has it. */
    public static long get(MemorySegment memory, long offset) {
        return memory.get(WIRE, offset);
    }

    /** Writes it as the wire wants it. */
    public static void put(MemorySegment memory, long offset, long information) {
        memory.set(WIRE, offset, information);
    }

    /** What a device server makes by itself for a block of {@code length} bytes (SBC-4, WRPROTECT 000b). */
    public static long of(ProtectionType type, long lba, MemorySegment data, long offset, int length) {
        long reference = type == ProtectionType.TYPE_1 ? lba & UNCHECKED_REFERENCE_TAG : UNCHECKED_REFERENCE_TAG;
        return (long) GuardCode.of(data, offset, length) << 48 | reference;
    }

    /**
     * Compares a block with its protection information.
     *
     * @param guard true if the guard counts
     * @param reference true if the reference tag counts, where the type gives it a meaning
     */
    public static Fault check(
            long information,
            ProtectionType type,
            long lba,
            MemorySegment data,
            long offset,
            int length,
            boolean guard,
            boolean reference) {
        long applicationTag = information >>> 32 & 0xffff;
        long referenceTag = information & UNCHECKED_REFERENCE_TAG;
        // SBC-4 4.21.3: FFFFh in the application tag disables checking; with type 3, together with the reference tag
        if (applicationTag == UNCHECKED_APPLICATION_TAG
                && (type == ProtectionType.TYPE_1 || referenceTag == UNCHECKED_REFERENCE_TAG)) {
            return Fault.NONE;
        }
        if (guard && information >>> 48 != GuardCode.of(data, offset, length)) {
            return Fault.GUARD;
        }
        if (reference && type == ProtectionType.TYPE_1 && referenceTag != (lba & UNCHECKED_REFERENCE_TAG)) {
            return Fault.REFERENCE_TAG;
        }
        return Fault.NONE;
    }
}
