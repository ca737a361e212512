package vmm.scsi;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Data that a command answers, put together piece by piece. For commands that are not on the data path. */
public final class ParameterData {
    private byte[] bytes = new byte[64];
    private int length;

    /** Nothing yet. */
    public ParameterData() {}

    /** The array that holds the data in its first {@link #length} bytes. */
    public byte[] bytes() {
        return bytes;
    }

    /** How long the data are so far, in bytes. */
    public int length() {
        return length;
    }

    /** Adds a byte. */
    public ParameterData u8(int value) {
        int at = grow(1);
        bytes[at] = (byte) value;
        return this;
    }

    /** Adds 16 bits. */
    public ParameterData u16(int value) {
        int at = grow(2);
        BigEndian.put16(bytes, at, value);
        return this;
    }

    /** Adds 24 bits. */
    public ParameterData u24(int value) {
        int at = grow(3);
        BigEndian.put24(bytes, at, value);
        return this;
    }

    /** Adds 32 bits. */
    public ParameterData u32(long value) {
        int at = grow(4);
        BigEndian.put32(bytes, at, value);
        return this;
    }

    /** Adds 64 bits. */
    public ParameterData u64(long value) {
        int at = grow(8);
        BigEndian.put64(bytes, at, value);
        return this;
    }

    /** Adds bytes. */
    public ParameterData bytes(byte[] more) {
        return bytes(more, more.length);
    }

    /** Adds the first {@code count} bytes of {@code more}. */
    public ParameterData bytes(byte[] more, int count) {
        int at = grow(count);
        System.arraycopy(more, 0, bytes, at, count);
        return this;
    }

    /** Adds bytes of 0. */
    public ParameterData zeros(int count) {
        grow(count);
        return this;
    }

    /** Printable ASCII, left-aligned in a field of {@code width} bytes and filled up with spaces (SPC-5). */
    public ParameterData ascii(String text, int width) {
        int at = grow(width);
        Arrays.fill(bytes, at, at + width, (byte) ' ');
        byte[] encoded = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(encoded, 0, bytes, at, Math.min(encoded.length, width));
        return this;
    }

    /** Sets a byte that has been written before. */
    public void set8(int offset, int value) {
        bytes[offset] = (byte) value;
    }

    /** Sets 16 bits that have been written before. */
    public void set16(int offset, int value) {
        BigEndian.put16(bytes, offset, value);
    }

    /** Sets 32 bits that have been written before. */
    public void set32(int offset, long value) {
        BigEndian.put32(bytes, offset, value);
    }

    /** Makes room for more at the end, perhaps in a new array, and returns where it begins. */
    private int grow(int count) {
        int at = length;
        length += count;
        if (length > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(length, 2 * bytes.length));
        }
        return at;
    }
}
