package vmm.firmware.pvh;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** A small ELF with one PT_LOAD segment and a note that gives a PVH entry. */
public final class FakeElf {
    /** Where the segment is loaded. */
    public static final long ADDRESS = 0x20_0000;

    /** The entry that the note gives. */
    public static final long ENTRY = ADDRESS + 0x10;

    /** How long the segment is in the file. */
    public static final int FILE_SIZE = 0x800;

    /** How long the segment is in memory. */
    public static final int MEMORY_SIZE = 0x3000;

    /** Where the program headers begin. */
    public static final int PROGRAM_HEADERS = 64;

    /** Where the note is. */
    public static final int NOTE = 0x200;

    private static final int SEGMENT = 0x1000;

    private final ByteBuffer file = ByteBuffer.allocate(SEGMENT + FILE_SIZE).order(ByteOrder.LITTLE_ENDIAN);

    private FakeElf(int elfClass, int machine) {
        file.putInt(0, 0x464c_457f);
        file.put(4, (byte) elfClass).put(5, (byte) 1).put(6, (byte) 1);
        file.putShort(16, (short) 2).putShort(18, (short) machine).putInt(20, 1);
        for (int i = 0; i < FILE_SIZE; i++) {
            file.put(SEGMENT + i, (byte) (i * 13 + 5));
        }
    }

    /** For x86-64. */
    public static FakeElf wide() {
        FakeElf elf = new FakeElf(2, 62);
        elf.file.putLong(32, PROGRAM_HEADERS).putShort(54, (short) 56).putShort(56, (short) 2);
        elf.header64(0, 4, NOTE, 0, 20, 20);
        elf.header64(1, 1, SEGMENT, ADDRESS, FILE_SIZE, MEMORY_SIZE);
        return elf.note(4);
    }

    /** For i386. */
    public static FakeElf narrow() {
        FakeElf elf = new FakeElf(1, 3);
        elf.file.putInt(28, PROGRAM_HEADERS).putShort(42, (short) 32).putShort(44, (short) 2);
        elf.header32(0, 4, NOTE, 0, 20, 20);
        elf.header32(1, 1, SEGMENT, (int) ADDRESS, FILE_SIZE, MEMORY_SIZE);
        return elf.note(4);
    }

    private void header64(int index, int type, long offset, long address, long fileSize, long memorySize) {
        int at = PROGRAM_HEADERS + 56 * index;
        file.putInt(at, type).putLong(at + 8, offset).putLong(at + 16, address | 0xffff_ffff_8000_0000L);
        file.putLong(at + 24, address)
                .putLong(at + 32, fileSize)
                .putLong(at + 40, memorySize)
                .putLong(at + 48, 4);
    }

    private void header32(int index, int type, int offset, int address, int fileSize, int memorySize) {
        int at = PROGRAM_HEADERS + 32 * index;
        file.putInt(at, type).putInt(at + 4, offset).putInt(at + 8, address | 0xc000_0000);
        file.putInt(at + 12, address)
                .putInt(at + 16, fileSize)
                .putInt(at + 20, memorySize)
                .putInt(at + 28, 4);
    }

    private FakeElf note(int descriptorSize) {
        file.putInt(NOTE, 4).putInt(NOTE + 4, descriptorSize).putInt(NOTE + 8, 18);
        file.put(NOTE + 12, "Xen\0".getBytes(StandardCharsets.US_ASCII));
        file.putInt(NOTE + 16, (int) ENTRY);
        return this;
    }

    /** Sets 32 bits of the file. */
    public FakeElf with32(int offset, int value) {
        file.putInt(offset, value);
        return this;
    }

    /** Sets 64 bits of the file. */
    public FakeElf with64(int offset, long value) {
        file.putLong(offset, value);
        return this;
    }

    /** Sets a byte of the file. */
    public FakeElf with8(int offset, int value) {
        file.put(offset, (byte) value);
        return this;
    }

    /** The file. */
    public byte[] toByteArray() {
        return file.array().clone();
    }

    /** A byte of the segment. */
    public static int segment(int index) {
        return (byte) (index * 13 + 5) & 0xff;
    }
}
