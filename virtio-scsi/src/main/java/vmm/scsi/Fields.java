package vmm.scsi;

/** The fields of what an initiator sent, at their offsets in bytes: numbers are big-endian and unsigned. */
public abstract sealed class Fields permits Cdb, ParameterList {
    private final byte[] bytes;

    Fields(byte[] bytes) {
        this.bytes = bytes;
    }

    /** The array that the fields are in, not a copy. */
    public final byte[] bytes() {
        return bytes;
    }

    /** The byte at {@code offset}. */
    public final int u8(int offset) {
        return bytes[offset] & 0xff;
    }

    /** The 16 bits at {@code offset}. */
    public final int u16(int offset) {
        return BigEndian.get16(bytes, offset);
    }

    /** The 24 bits at {@code offset}. */
    public final int u24(int offset) {
        return BigEndian.get24(bytes, offset);
    }

    /** The 32 bits at {@code offset}. */
    public final long u32(int offset) {
        return BigEndian.get32(bytes, offset);
    }

    /** The 64 bits at {@code offset}; those from 2^63 on are negative. */
    public final long u64(int offset) {
        return BigEndian.get64(bytes, offset);
    }

    /** True if one of {@code bits} is set in the byte at {@code offset}. */
    public final boolean has(int offset, int bits) {
        return (bytes[offset] & bits) != 0;
    }
}
