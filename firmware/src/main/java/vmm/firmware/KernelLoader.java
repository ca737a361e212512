package vmm.firmware;

import java.nio.file.Path;
import java.util.Optional;
import vmm.firmware.boot.BootFile;
import vmm.firmware.boot.ElfImage;
import vmm.firmware.boot.EntryState;
import vmm.firmware.linux.BzImage;
import vmm.firmware.multiboot.MultibootKernel;
import vmm.firmware.pvh.PvhKernel;
import vmm.linux.HostException;
import vmm.memory.GuestMemory;

/**
 * Loads a kernel without firmware, as bzImage (Linux's 64-bit boot protocol), as ELF (the PVH boot protocol), or as
 * what a Multiboot header describes.
 */
public final class KernelLoader {
    /** Memory below which no kernel can be loaded: the first MiB holds what a boot protocol tells the kernel. */
    private static final long SMALLEST_MEMORY = 2 << 20;

    private static final short GZIP = (short) 0x8B1F;

    private KernelLoader() {}

    /**
     * Puts a kernel, its initrd and what its boot protocol tells it into guest memory. The file's first bytes decide
     * which protocol it is. Needs no virtual machine; call it before a processor runs.
     *
     * @param memory the guest's, fresh or left over from before a reset
     * @param kernel the file of a bzImage, an ELF with a PVH entry, or a kernel with a Multiboot header
     * @param initrd the file of an initial RAM disk; for Multiboot the modules, as {@code FILE TEXT,FILE TEXT,...}
     * @param commandLine the kernel's parameters, may be empty
     * @param rsdpAddress guest physical address of the ACPI RSDP, or 0 for a machine without ACPI
     * @return how the first processor has to start
     * @throws HostException if a file is missing, unreadable, not a kernel or does not fit
     */
    public static EntryState load(
            GuestMemory memory, Path kernel, Optional<Path> initrd, String commandLine, long rsdpAddress) {
        if (memory.size() < SMALLEST_MEMORY) {
            throw new HostException("No kernel fits into " + memory.size() + " bytes of memory: give the guest more.");
        }
        try (BootFile file = BootFile.open("kernel", kernel)) {
            if (BzImage.matches(file)) {
                return BzImage.load(memory, file, initrd, commandLine, rsdpAddress);
            }
            Optional<ElfImage> image = ElfImage.isPresent(file) ? Optional.of(ElfImage.read(file)) : Optional.empty();
            boolean pvh = image.filter(PvhKernel::matches).isPresent();
            if (MultibootKernel.matches(file, image, pvh)) {
                return MultibootKernel.load(memory, file, initrd, commandLine);
            }
            return PvhKernel.load(
                    memory, file, image.orElseThrow(() -> unknown(file)), initrd, commandLine, rsdpAddress);
        }
    }

    private static HostException unknown(BootFile kernel) {
        if (kernel.head(2).remaining() == 2 && kernel.head(2).getShort() == GZIP) {
            return new HostException(
                    "The kernel " + kernel.path() + " is compressed by gzip: give what gunzip makes of it.");
        }
        return new HostException("The kernel " + kernel.path()
                + " is not a bzImage or PVH ELF kernel, nor one for Multiboot: give a vmlinuz for x86-64, or a vmlinux"
                + " built with CONFIG_PVH.");
    }
}
