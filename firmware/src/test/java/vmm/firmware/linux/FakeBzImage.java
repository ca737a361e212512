package vmm.firmware.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The smallest file that the boot protocol calls a bzImage: one setup sector, a header of protocol 2.15, a payload. */
public final class FakeBzImage {
    /** Where the payload wants to be loaded. */
    public static final long ADDRESS = 0x100_0000;

    /** How much memory it asks for. */
    public static final int INIT_SIZE = 0x20_0000;

    /** How long its payload is. */
    public static final int PAYLOAD = 0x4000;

    private static final int SETUP = 1024;

    private final ByteBuffer file = ByteBuffer.allocate(SETUP + PAYLOAD).order(ByteOrder.LITTLE_ENDIAN);

    /** A kernel without a fault. */
    public FakeBzImage() {
        file.put(0x1f1, (byte) 1);
        file.putInt(0x1f4, PAYLOAD / 16);
        file.putShort(0x1fe, (short) 0xaa55);
        file.putShort(0x200, (short) 0x6aeb); // jmp 0x26c
        file.putInt(0x202, 0x5372_6448);
        file.putShort(0x206, (short) 0x20f);
        file.put(0x211, (byte) 1);
        file.putInt(0x22c, 0x7fff_ffff);
        file.putInt(0x230, 0x20_0000);
        file.put(0x234, (byte) 1);
        file.putShort(0x236, (short) 0x7f);
        file.putInt(0x238, 2047);
        file.putLong(0x258, ADDRESS);
        file.putInt(0x260, INIT_SIZE);
        for (int i = 0; i < PAYLOAD; i++) {
            file.put(SETUP + i, (byte) (i * 31 + 7));
        }
    }

    /** Sets a byte of the file. */
    public FakeBzImage with8(int offset, int value) {
        file.put(offset, (byte) value);
        return this;
    }

    /** Sets 16 bits of the file. */
    public FakeBzImage with16(int offset, int value) {
        file.putShort(offset, (short) value);
        return this;
    }

    /** Sets 32 bits of the file. */
    public FakeBzImage with32(int offset, int value) {
        file.putInt(offset, value);
        return this;
    }

    /** Sets 64 bits of the file. */
    public FakeBzImage with64(int offset, long value) {
        file.putLong(offset, value);
        return this;
    }

    /** The file. */
    public byte[] toByteArray() {
        return file.array().clone();
    }

    /** A byte of the payload. */
    public static int payload(int index) {
        return (byte) (index * 31 + 7) & 0xff;
    }
}
