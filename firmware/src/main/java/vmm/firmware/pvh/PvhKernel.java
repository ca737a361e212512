package vmm.firmware.pvh;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import vmm.firmware.boot.BootData;
import vmm.firmware.boot.BootFile;
import vmm.firmware.boot.ElfImage;
import vmm.firmware.boot.EntryState;
import vmm.firmware.boot.MemoryMap;
import vmm.linux.HostException;
import vmm.memory.GuestMemory;

/**
 * Loads an ELF kernel as PVH asks for it (Xen's docs/misc/pvh.pandoc and public/arch-x86/hvm/start_info.h): its
 * segments at their physical addresses, a start info that EBX points to, and an entry in protected mode without paging.
 */
public final class PvhKernel {
    private static final int START_INFO_MAGIC = 0x336e_c578;
    private static final int START_INFO_VERSION = 1;

    // Offsets in struct hvm_start_info
    private static final int MAGIC = 0;
    private static final int VERSION = 4;
    private static final int NR_MODULES = 12;
    private static final int MODLIST_PADDR = 16;
    private static final int CMDLINE_PADDR = 24;
    private static final int RSDP_PADDR = 32;
    private static final int MEMMAP_PADDR = 40;
    private static final int MEMMAP_ENTRIES = 48;
    private static final int START_INFO_SIZE = 56;

    private static final int MODULE_SIZE = 32;
    private static final int MEMMAP_ENTRY_SIZE = 24;

    private static final long START_INFO = BootData.PARAMETERS;
    private static final long MODULES = START_INFO + ((START_INFO_SIZE + 63) & -64);
    private static final long MEMMAP = MODULES + MODULE_SIZE;

    /** The page that start info, module and memory map share. */
    private static final int PARAMETERS_SIZE = 4096;

    private static final long CR0_PE_ET = 1 | 1 << 4;
    private static final long RFLAGS_ALWAYS_SET = 1 << 1;

    private PvhKernel() {}

    /** True if an ELF has a PVH entry. */
    public static boolean matches(ElfImage image) {
        return PvhNote.entry(image).isPresent();
    }

    /**
     * Loads a kernel that {@link #matches}.
     *
     * @param image what the kernel's file says
     * @param rsdpAddress guest physical address of the ACPI RSDP, or 0 for none
     * @throws HostException if the kernel is damaged, has no PVH entry, or does not fit
     */
    public static EntryState load(
            GuestMemory memory,
            BootFile kernel,
            ElfImage image,
            Optional<Path> initrd,
            String commandLine,
            long rsdpAddress) {
        long entry = PvhNote.entry(image)
                .orElseThrow(() -> new HostException("The kernel " + kernel.path()
                        + " is an ELF without a PVH entry: give one that is built with CONFIG_PVH, or a bzImage."));
        long end = MemoryMap.KERNEL_START;
        boolean entryInside = false;
        for (ElfImage.Load segment : image.segments()) {
            checkPlace(memory, kernel, segment);
            end = Math.max(end, endBelowHole(segment));
            entryInside |= entry >= segment.address() && entry - segment.address() < segment.memorySize();
        }
        if (!entryInside || entry >>> 32 != 0) {
            throw new HostException("The kernel " + kernel.path() + " has its PVH entry at 0x" + Long.toHexString(entry)
                    + ", where none of its segments is loaded.");
        }
        BootData.writeCommandLine(memory, commandLine, BootData.COMMAND_LINE_SIZE - 1);
        writeStartInfo(memory, rsdpAddress);
        if (initrd.isPresent()) {
            try (BootFile file = BootFile.open("initrd", initrd.get())) {
                long start = BootData.placeInitrd(memory, file, end, GuestMemory.HOLE_START);
                memory.putInt(START_INFO + NR_MODULES, 1);
                memory.putLong(START_INFO + MODLIST_PADDR, MODULES);
                memory.putLong(MODULES, start);
                memory.putLong(MODULES + 8, file.size());
            }
        }
        for (ElfImage.Load segment : image.segments()) {
            segment.copy(kernel, memory);
        }
        BootData.Segments segments = BootData.writeGdt(memory, BootData.CODE_32);
        return new EntryState(
                entry,
                BootData.STACK,
                0,
                START_INFO,
                0,
                RFLAGS_ALWAYS_SET,
                CR0_PE_ET,
                0,
                0,
                0,
                segments.code(),
                segments.data(),
                segments.task(),
                segments.gdtBase(),
                segments.gdtLimit());
    }

    private static void checkPlace(GuestMemory memory, BootFile kernel, ElfImage.Load segment) {
        long address = segment.address();
        if (address >= 0 && address < MemoryMap.KERNEL_START) {
            throw new HostException("The kernel " + kernel.path() + " wants to be loaded at 0x"
                    + Long.toHexString(address) + ": link it to 1 MiB or above.");
        }
        if (!memory.contains(address, segment.memorySize())) {
            throw new HostException("The kernel " + kernel.path() + " wants " + segment.memorySize()
                    + " bytes at 0x" + Long.toHexString(address) + ", which is outside the guest's "
                    + BootFile.mebibytes(memory.size()) + " of memory: give it more, or another kernel.");
        }
    }

    /** Where a segment ends, if it lies where an initrd might; else 0. */
    private static long endBelowHole(ElfImage.Load segment) {
        return segment.address() < GuestMemory.HOLE_START ? segment.address() + segment.memorySize() : 0;
    }

    private static void writeStartInfo(GuestMemory memory, long rsdpAddress) {
        List<MemoryMap.Entry> entries = MemoryMap.of(memory).entries();
        memory.write(START_INFO, new byte[PARAMETERS_SIZE]);
        memory.putInt(START_INFO + MAGIC, START_INFO_MAGIC);
        memory.putInt(START_INFO + VERSION, START_INFO_VERSION);
        memory.putLong(START_INFO + CMDLINE_PADDR, BootData.COMMAND_LINE);
        memory.putLong(START_INFO + RSDP_PADDR, rsdpAddress);
        memory.putLong(START_INFO + MEMMAP_PADDR, MEMMAP);
        memory.putInt(START_INFO + MEMMAP_ENTRIES, entries.size());
        for (int i = 0; i < entries.size(); i++) {
            MemoryMap.Entry entry = entries.get(i);
            long at = MEMMAP + (long) i * MEMMAP_ENTRY_SIZE;
            memory.putLong(at, entry.start());
            memory.putLong(at + 8, entry.size());
            memory.putInt(at + 16, entry.type().code());
        }
    }
}
