package vmm.firmware.linux;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import vmm.firmware.boot.BootData;
import vmm.firmware.boot.BootFile;
import vmm.firmware.boot.EntryState;
import vmm.firmware.boot.MemoryMap;
import vmm.linux.HostException;
import vmm.memory.GuestMemory;

/**
 * Loads a bzImage as Linux's 64-bit boot protocol asks for it (Documentation/arch/x86/boot.rst, "64-bit BOOT
 * PROTOCOL"): the compressed kernel at its preferred address, boot_params, an identity mapping of the first 4 GiB. How
 * it is compressed is its own affair.
 */
public final class BzImage {
    // Offsets in boot_params (Documentation/arch/x86/zero-page.rst)
    private static final int ACPI_RSDP_ADDR = 0x070;
    private static final int E820_ENTRIES = 0x1e8;
    private static final int VID_MODE = 0x1fa;
    private static final int TYPE_OF_LOADER = 0x210;
    private static final int CODE32_START = 0x214;
    private static final int RAMDISK_IMAGE = 0x218;
    private static final int RAMDISK_SIZE = 0x21c;
    private static final int CMD_LINE_PTR = 0x228;
    private static final int SETUP_DATA = 0x250;
    private static final int E820_TABLE = 0x2d0;
    private static final int E820_ENTRY_SIZE = 20;

    private static final int UNDEFINED_LOADER = 0xff;
    private static final int NORMAL_VIDEO_MODE = 0xffff;

    private static final long CR0_PE_ET_PG = 1 | 1 << 4 | 1L << 31;
    private static final long CR4_PAE = 1 << 5;
    private static final long EFER_LME_LMA = 1 << 8 | 1 << 10;
    private static final long RFLAGS_ALWAYS_SET = 1 << 1;

    private static final int PAGE = 4096;
    private static final int ENTRIES_PER_TABLE = 512;
    private static final int LARGE_PAGE_SHIFT = 21;
    private static final int PRESENT_WRITABLE = 0x3;
    private static final int LARGE = 0x80;
    private static final int MAPPED_GIB = 4;

    private BzImage() {}

    /** True if a file is a bzImage of whatever version. */
    public static boolean matches(BootFile kernel) {
        return SetupHeader.isPresent(kernel.head(SetupHeader.HEAD));
    }

    /**
     * Loads a kernel that {@link #matches}.
     *
     * @param rsdpAddress guest physical address of the ACPI RSDP, or 0 for none
     * @throws HostException if the kernel is damaged, cannot be started in 64-bit mode, or does not fit
     */
    public static EntryState load(
            GuestMemory memory, BootFile kernel, Optional<Path> initrd, String commandLine, long rsdpAddress) {
        SetupHeader header = SetupHeader.read(kernel);
        long kernelEnd = header.address() + header.memorySize();
        if (!memory.contains(header.address(), header.memorySize())) {
            throw new HostException("The kernel " + kernel.path() + " does not fit into "
                    + BootFile.mebibytes(memory.size()) + " of memory: give the guest at least "
                    + BootFile.mebibytes(kernelEnd) + ".");
        }
        BootData.writeCommandLine(memory, commandLine, header.commandLineLimit());
        writeParameters(memory, header, rsdpAddress);
        if (initrd.isPresent()) {
            try (BootFile file = BootFile.open("initrd", initrd.get())) {
                long start = BootData.placeInitrd(memory, file, kernelEnd, header.initrdLimit());
                memory.putInt(BootData.PARAMETERS + RAMDISK_IMAGE, (int) start);
                memory.putInt(BootData.PARAMETERS + RAMDISK_SIZE, (int) file.size());
            }
        }
        kernel.copyTo(memory, header.address(), header.payload(), header.payloadSize());
        writePageTables(memory);
        BootData.Segments segments = BootData.writeGdt(memory, BootData.CODE_64);
        return new EntryState(
                header.address() + SetupHeader.ENTRY_64,
                BootData.STACK,
                0,
                0,
                BootData.PARAMETERS,
                RFLAGS_ALWAYS_SET,
                CR0_PE_ET_PG,
                BootData.PAGE_TABLES,
                CR4_PAE,
                EFER_LME_LMA,
                segments.code(),
                segments.data(),
                segments.task(),
                segments.gdtBase(),
                segments.gdtLimit());
    }

    private static void writeParameters(GuestMemory memory, SetupHeader header, long rsdpAddress) {
        long parameters = BootData.PARAMETERS;
        memory.write(parameters, new byte[PAGE]);
        ByteBuffer bytes = header.bytes();
        for (int i = 0; i < bytes.limit(); i++) {
            memory.putByte(parameters + SetupHeader.START + i, bytes.get(i));
        }
        memory.putLong(parameters + ACPI_RSDP_ADDR, rsdpAddress);
        memory.putShort(parameters + VID_MODE, NORMAL_VIDEO_MODE);
        memory.putByte(parameters + TYPE_OF_LOADER, UNDEFINED_LOADER);
        memory.putInt(parameters + CODE32_START, (int) header.address());
        memory.putInt(parameters + RAMDISK_IMAGE, 0);
        memory.putInt(parameters + RAMDISK_SIZE, 0);
        memory.putInt(parameters + CMD_LINE_PTR, (int) BootData.COMMAND_LINE);
        memory.putLong(parameters + SETUP_DATA, 0);
        int count = 0;
        for (MemoryMap.Entry entry : MemoryMap.of(memory).entries()) {
            long at = parameters + E820_TABLE + (long) count * E820_ENTRY_SIZE;
            memory.putLong(at, entry.start());
            memory.putLong(at + 8, entry.size());
            memory.putInt(at + 16, entry.type().code());
            count++;
        }
        memory.putByte(parameters + E820_ENTRIES, count);
    }

    /** Maps the first 4 GiB to themselves in pages of 2 MiB: one PML4, one PDPT, four page directories. */
    private static void writePageTables(GuestMemory memory) {
        long directoryPointers = BootData.PAGE_TABLES + PAGE;
        long directories = directoryPointers + PAGE;
        memory.write(BootData.PAGE_TABLES, new byte[2 * PAGE]);
        memory.putLong(BootData.PAGE_TABLES, directoryPointers | PRESENT_WRITABLE);
        for (int i = 0; i < MAPPED_GIB; i++) {
            memory.putLong(directoryPointers + 8L * i, directories + (long) PAGE * i | PRESENT_WRITABLE);
        }
        for (int i = 0; i < MAPPED_GIB * ENTRIES_PER_TABLE; i++) {
            memory.putLong(directories + 8L * i, (long) i << LARGE_PAGE_SHIFT | LARGE | PRESENT_WRITABLE);
        }
    }
}
