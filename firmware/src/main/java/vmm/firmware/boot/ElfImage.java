package vmm.firmware.boot;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import vmm.linux.HostException;
import vmm.memory.GuestMemory;

/**
 * What an ELF file for x86 says about loading it (System V ABI, chapters 4 and 5), with each offset and size checked
 * against the file.
 *
 * @param wide true if it is for 64 bits
 * @param entry where it begins: the header's e_entry, at the physical address that its segment has
 * @param segments what is to be loaded, in the order of the file
 * @param notes where its notes are
 */
public record ElfImage(boolean wide, long entry, List<Load> segments, List<Notes> notes) {
    private static final int HEADER = 64;

    private static final int MAGIC = 0x464c_457f; // 0x7f "ELF"
    private static final int CLASS_64 = 2;
    private static final int LITTLE_ENDIAN = 1;
    private static final int I386 = 3;
    private static final int X86_64 = 62;
    private static final int PT_LOAD = 1;
    private static final int PT_NOTE = 4;

    /** A kernel has about five; a file that claims very many is no kernel. */
    private static final int MAX_PROGRAM_HEADERS = 1024;

    /** Notes of a kernel take some hundred bytes. */
    private static final int MAX_NOTES = 1 << 20;

    /**
     * A PT_LOAD segment.
     *
     * @param offset in the file
     * @param fileSize bytes in the file, never more than {@code memorySize}
     * @param address where it goes, guest physical
     * @param memorySize bytes in memory, zeros after those of the file
     */
    public record Load(long offset, long fileSize, long address, long memorySize) {
        /** Puts it where it goes, which the caller has checked to be RAM. */
        public void copy(BootFile kernel, GuestMemory memory) {
            kernel.copyTo(memory, address, offset, fileSize);
            memory.slice(address + fileSize, memorySize - fileSize).fill((byte) 0);
        }
    }

    /**
     * A PT_NOTE segment.
     *
     * @param content little-endian
     * @param alignment what names and descriptors are padded to, as far as the header knows
     */
    public record Notes(ByteBuffer content, long alignment) {}

    /** The fields of a program header, whichever the class. */
    private record ProgramHeader(
            int type,
            long offset,
            long virtualAddress,
            long physicalAddress,
            long fileSize,
            long memorySize,
            long alignment) {
        static ProgramHeader of32(ByteBuffer bytes, int at) {
            return new ProgramHeader(
                    bytes.getInt(at),
                    unsigned(bytes, at + 4),
                    unsigned(bytes, at + 8),
                    unsigned(bytes, at + 12),
                    unsigned(bytes, at + 16),
                    unsigned(bytes, at + 20),
                    unsigned(bytes, at + 28));
        }

        static ProgramHeader of64(ByteBuffer bytes, int at) {
            return new ProgramHeader(
                    bytes.getInt(at),
                    bytes.getLong(at + 8),
                    bytes.getLong(at + 16),
                    bytes.getLong(at + 24),
                    bytes.getLong(at + 32),
                    bytes.getLong(at + 40),
                    bytes.getLong(at + 48));
        }

        private static long unsigned(ByteBuffer bytes, int at) {
            return Integer.toUnsignedLong(bytes.getInt(at));
        }
    }

    /** True if a file is an ELF of whatever kind. */
    public static boolean isPresent(BootFile file) {
        ByteBuffer head = file.head(Integer.BYTES);
        return head.limit() >= Integer.BYTES && head.getInt(0) == MAGIC;
    }

    /**
     * Reads the headers and notes of an ELF.
     *
     * @throws HostException if it is not for x86, or is damaged
     */
    public static ElfImage read(BootFile file) {
        ByteBuffer head = file.head(HEADER);
        if (head.limit() < 52 || head.get(5) != LITTLE_ENDIAN || !isX86(head.getShort(18))) {
            throw new HostException("The kernel " + file.path() + " is an ELF, but not one for x86.");
        }
        boolean wide = head.get(4) == CLASS_64;
        if (wide && head.limit() < HEADER) {
            throw damaged(file);
        }
        long tableOffset = wide ? head.getLong(32) : Integer.toUnsignedLong(head.getInt(28));
        int entrySize = head.getShort(wide ? 54 : 42) & 0xffff;
        int count = head.getShort(wide ? 56 : 44) & 0xffff;
        if (entrySize != (wide ? 56 : 32) || count > MAX_PROGRAM_HEADERS) {
            throw damaged(file);
        }
        ByteBuffer table = file.read(tableOffset, count * entrySize);
        List<Load> segments = new ArrayList<>();
        List<Notes> notes = new ArrayList<>();
        long entry = wide ? head.getLong(24) : Integer.toUnsignedLong(head.getInt(24));
        long start = entry;
        for (int i = 0; i < count; i++) {
            ProgramHeader header =
                    wide ? ProgramHeader.of64(table, i * entrySize) : ProgramHeader.of32(table, i * entrySize);
            if (header.type == PT_LOAD && header.memorySize != 0) {
                segments.add(load(file, header));
                if (entry >= header.virtualAddress && entry - header.virtualAddress < header.memorySize) {
                    start = entry - header.virtualAddress + header.physicalAddress;
                }
            } else if (header.type == PT_NOTE && header.fileSize > 0) {
                notes.add(notes(file, header));
            }
        }
        return new ElfImage(wide, start, List.copyOf(segments), List.copyOf(notes));
    }

    private static boolean isX86(int machine) {
        return machine == I386 || machine == X86_64;
    }

    private static Load load(BootFile file, ProgramHeader header) {
        if (header.fileSize < 0 || header.memorySize < header.fileSize) {
            throw damaged(file);
        }
        return new Load(header.offset, header.fileSize, header.physicalAddress, header.memorySize);
    }

    private static Notes notes(BootFile file, ProgramHeader header) {
        if (header.fileSize < 0 || header.fileSize > MAX_NOTES) {
            throw damaged(file);
        }
        return new Notes(file.read(header.offset, (int) header.fileSize), header.alignment);
    }

    private static HostException damaged(BootFile file) {
        return new HostException(
                "The kernel " + file.path() + " has damaged ELF headers: get it again from where it came from.");
    }
}
