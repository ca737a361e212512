package vmm.scsi;

/**
 * A parameter list (SPC-5): what an initiator sent with a command, copied so that it cannot change any more. Numbers
 * are big-endian and unsigned.
 */
public final class ParameterList {
    private final byte[] bytes;

    /** A list of these bytes, which it keeps. */
    public ParameterList(byte[] bytes) {
        this.bytes = bytes;
    }

    /** The list itself, not a copy. */
    public byte[] bytes() {
        return bytes;
    }

    /** How long it is. */
    public int length() {
        return bytes.length;
    }

    /** The byte at {@code offset}. */
    public int u8(int offset) {
        return bytes[offset] & 0xff;
    }

    /** The 16 bits at {@code offset}. */
    public int u16(int offset) {
        return BigEndian.get16(bytes, offset);
    }

    /** The 24 bits at {@code offset}. */
    public int u24(int offset) {
        return BigEndian.get24(bytes, offset);
    }

    /** The 32 bits at {@code offset}. */
    public long u32(int offset) {
        return BigEndian.get32(bytes, offset);
    }

    /** The 64 bits at {@code offset}; those from 2^63 on are negative. */
    public long u64(int offset) {
        return BigEndian.get64(bytes, offset);
    }

    /** True if one of {@code bits} is set in the byte at {@code offset}. */
    public boolean has(int offset, int bits) {
        return (bytes[offset] & bits) != 0;
    }
}
