package vmm.firmware;

import java.nio.file.Path;
import java.util.Optional;
import vmm.firmware.boot.BootFile;
import vmm.firmware.boot.EntryState;
import vmm.firmware.linux.BzImage;
import vmm.firmware.pvh.PvhKernel;
import vmm.linux.HostException;
import vmm.memory.GuestMemory;

/** Loads a kernel without firmware, as bzImage (Linux's 64-bit boot protocol) or as ELF (the PVH boot protocol). */
public final class KernelLoader {
    /** Memory below which no kernel can be loaded: the first MiB holds what a boot protocol tells the kernel. */
    private static final long SMALLEST_MEMORY = 2 << 20;

    private KernelLoader() {}

    /**
     * Puts a kernel, its initrd and what its boot protocol tells it into guest memory. The file's first bytes decide
     * which protocol it is. Needs no virtual machine; call it before a processor runs.
     *
     * @param memory the guest's, fresh or left over from before a reset
     * @param kernel the file of a bzImage or an ELF with a PVH entry
     * @param initrd the file of an initial RAM disk
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
            if (PvhKernel.matches(file)) {
                return PvhKernel.load(memory, file, initrd, commandLine, rsdpAddress);
            }
            if (BzImage.matches(file)) {
                return BzImage.load(memory, file, initrd, commandLine, rsdpAddress);
            }
            throw new HostException("The kernel " + kernel
                    + " is not a bzImage or PVH ELF kernel: give a vmlinuz for x86-64, or a vmlinux built with"
                    + " CONFIG_PVH.");
        }
    }
}
