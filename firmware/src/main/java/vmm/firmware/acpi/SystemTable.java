package vmm.firmware.acpi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** One table under construction: a header (ACPI 6.5 5.2.6), fields one after the other, a checksum at the end. */
final class SystemTable {
    /** Bytes before a table's own fields. */
    static final int HEADER_SIZE = 36;

    private static final int LENGTH = 4;
    /** Where a table's checksum is. */
    static final int CHECKSUM = 9;

    static final String OEM_ID = "VMM   ";
    private static final String OEM_TABLE_ID = "VMMI440 ";
    private static final String CREATOR_ID = "VMM ";
    private static final int OEM_REVISION = 1;
    private static final int CREATOR_REVISION = 1;

    private ByteBuffer bytes = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);

    /** A table with nothing after its header. */
    SystemTable(String signature, int revision) {
        text(signature);
        u32(0); // the length, when it is known
        u8(revision);
        u8(0); // the checksum
        text(OEM_ID);
        text(OEM_TABLE_ID);
        u32(OEM_REVISION);
        text(CREATOR_ID);
        u32(CREATOR_REVISION);
    }

    SystemTable u8(int value) {
        room(1).put((byte) value);
        return this;
    }

    SystemTable u16(int value) {
        room(2).putShort((short) value);
        return this;
    }

    SystemTable u32(long value) {
        room(4).putInt((int) value);
        return this;
    }

    SystemTable u64(long value) {
        room(8).putLong(value);
        return this;
    }

    SystemTable raw(byte[] value) {
        room(value.length).put(value);
        return this;
    }

    SystemTable zeros(int count) {
        return raw(new byte[count]);
    }

    /**
     * A Generic Address Structure for a register block in I/O space (5.2.3.2).
     *
     * @param size of the block in bytes
     * @param access in bytes, 1, 2 or 4: how it is read and written
     */
    SystemTable port(int port, int size, int access) {
        u8(1); // System I/O
        u8(8 * size);
        u8(0);
        u8(Integer.numberOfTrailingZeros(access) + 1);
        return u64(port);
    }

    /** A Generic Address Structure for a register that does not exist. */
    SystemTable noPort() {
        return zeros(12);
    }

    private void text(String value) {
        raw(value.getBytes(StandardCharsets.US_ASCII));
    }

    /** The finished table. */
    byte[] toByteArray() {
        byte[] table = Arrays.copyOf(bytes.array(), bytes.position());
        ByteBuffer.wrap(table).order(ByteOrder.LITTLE_ENDIAN).putInt(LENGTH, table.length);
        table[CHECKSUM] = checksum(table, table.length);
        return table;
    }

    /** What makes the first {@code length} bytes add up to 0, given that the checksum's own byte is 0. */
    static byte checksum(byte[] table, int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            sum += table[i];
        }
        return (byte) -sum;
    }

    private ByteBuffer room(int count) {
        if (bytes.remaining() < count) {
            int capacity = Math.max(2 * bytes.capacity(), bytes.position() + count);
            bytes = ByteBuffer.allocate(capacity).order(ByteOrder.LITTLE_ENDIAN).put(bytes.flip());
        }
        return bytes;
    }
}
