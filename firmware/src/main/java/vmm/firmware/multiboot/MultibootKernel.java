package vmm.firmware.multiboot;

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
 * Loads a kernel as the Multiboot Specification 0.6.96 has it: an ELF, or a file whose header says itself where it
 * goes; with its modules behind it, information that EBX points to, and an entry in protected mode without paging.
 *
 * <p>An ELF for 64 bits is loaded, too, as GRUB does; it begins in 32-bit code all the same.
 */
public final class MultibootKernel {
    private static final int LOADER_MAGIC = 0x2BADB002;
    private static final long CR0_PE_ET = 1 | 1 << 4;
    private static final long RFLAGS_ALWAYS_SET = 1 << 1;

    private static final int PAGE = 4096;

    /** Longer than any that means something. */
    private static final int MOST_TEXT = 4096;

    private final GuestMemory memory;
    private final BootFile kernel;
    private final List<ElfImage.Load> segments;
    private final long entry;

    private MultibootKernel(GuestMemory memory, BootFile kernel, MultibootHeader header) {
        this.memory = memory;
        this.kernel = kernel;
        header.checkRequirements(kernel);
        if (header.hasAddresses()) {
            segments = List.of(header.segment(kernel));
            entry = header.entry();
        } else {
            ElfImage image = ElfImage.read(kernel);
            segments = image.segments();
            entry = image.entry();
        }
    }

    /**
     * True if a file has a Multiboot header, and is either an ELF for 32 bits or one that the header describes; or an
     * ELF for 64 bits, if there is no better way to start it.
     *
     * @param image what the file says if it is an ELF
     * @param otherWay true if there is another way
     */
    public static boolean matches(BootFile kernel, Optional<ElfImage> image, boolean otherWay) {
        return MultibootHeader.find(kernel)
                .filter(header -> header.hasAddresses()
                        || image.filter(elf -> !elf.wide() || !otherWay).isPresent())
                .isPresent();
    }

    /**
     * Loads a kernel that {@link #matches}.
     *
     * @param modules {@code FILE TEXT,FILE TEXT,...}
     * @throws HostException if the kernel is damaged, wants what there is not, or does not fit
     */
    public static EntryState load(GuestMemory memory, BootFile kernel, Optional<Path> modules, String commandLine) {
        MultibootHeader header = MultibootHeader.find(kernel).orElseThrow();
        return new MultibootKernel(memory, kernel, header).load(modules.map(Path::toString), commandLine);
    }

    private EntryState load(Optional<String> files, String commandLine) {
        segments.forEach(this::checkPlace);
        if (segments.stream().noneMatch(segment -> contains(segment, entry))) {
            throw new HostException("The kernel " + kernel.path() + " begins at 0x" + Long.toHexString(entry)
                    + ", where none of it is loaded: get it again from where it came from.");
        }
        if (commandLine.length() > MOST_TEXT) {
            throw new HostException("The kernel's command line has " + commandLine.length() + " characters, and "
                    + MOST_TEXT + " are the most: shorten --append.");
        }
        // 3.2: the GDT need not be there any more when the kernel begins, which may lie over it.
        BootData.Segments flat = BootData.writeGdt(memory, BootData.CODE_32);
        segments.forEach(segment -> segment.copy(kernel, memory));
        List<ModuleList.Module> modules =
                files.map(list -> ModuleList.load(memory, list, kernelEnd())).orElse(List.of());
        Information information =
                new Information(MemoryMap.of(memory), modules, (kernel.path() + " " + commandLine).strip());
        long address = placeInformation(information.size(), modules);
        memory.write(address, information.encode((int) address));
        return new EntryState(
                entry,
                0,
                LOADER_MAGIC,
                address,
                0,
                RFLAGS_ALWAYS_SET,
                CR0_PE_ET,
                0,
                0,
                0,
                flat.code(),
                flat.data(),
                flat.task(),
                flat.gdtBase(),
                flat.gdtLimit());
    }

    private void checkPlace(ElfImage.Load segment) {
        long last = segment.address() + segment.memorySize() - 1;
        boolean isRam = MemoryMap.of(memory).entries().stream()
                .anyMatch(part -> part.type() == MemoryMap.Type.RAM
                        && segment.address() >= part.start()
                        && last - part.start() < part.size());
        if (!isRam || last < segment.address() || last >= GuestMemory.HOLE_START) {
            throw new HostException("The kernel " + kernel.path() + " wants " + segment.memorySize() + " bytes at 0x"
                    + Long.toHexString(segment.address()) + ", where the guest with its "
                    + BootFile.mebibytes(memory.size()) + " has no memory for it: give it more, or another kernel.");
        }
    }

    private static boolean contains(ElfImage.Load segment, long address) {
        return address >= segment.address() && address - segment.address() < segment.memorySize();
    }

    /** The first address after the kernel, from 1 MiB on. */
    private long kernelEnd() {
        long end = MemoryMap.KERNEL_START;
        for (ElfImage.Load segment : segments) {
            end = Math.max(end, segment.address() + segment.memorySize());
        }
        return end;
    }

    /** Below the kernel if it leaves conventional memory alone, behind it and its modules if not. */
    private long placeInformation(int size, List<ModuleList.Module> modules) {
        boolean lowFree = segments.stream().allMatch(segment -> segment.address() >= MemoryMap.KERNEL_START);
        if (lowFree && BootData.PARAMETERS + size <= BootData.COMMAND_LINE) {
            return BootData.PARAMETERS;
        }
        long end = modules.isEmpty() ? kernelEnd() : modules.getLast().end();
        long address = (end + PAGE - 1) & -PAGE;
        if (!memory.contains(address, size) || address >= GuestMemory.HOLE_START) {
            throw new HostException("Nothing is left of the guest's " + BootFile.mebibytes(memory.size())
                    + " behind the kernel " + kernel.path() + " to tell it where it is: give it more memory.");
        }
        return address;
    }
}
