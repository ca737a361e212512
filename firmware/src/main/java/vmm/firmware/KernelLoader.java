package vmm.firmware;

import java.nio.file.Path;
import java.util.Optional;
import vmm.firmware.boot.EntryState;
import vmm.memory.GuestMemory;

/** Loads a kernel without firmware, as bzImage (Linux's 64-bit boot protocol) or as ELF (the PVH boot protocol). */
public final class KernelLoader {
    private KernelLoader() {}

    /**
     * Puts a kernel, its initrd and what its boot protocol tells it into guest memory. The file's first bytes decide
     * which protocol it is. Needs no virtual machine; call it before a processor runs.
     *
     * @param memory the guest's, in which every page is still zero
     * @param kernel the file of a bzImage or an ELF with a PVH entry
     * @param initrd the file of an initial RAM disk
     * @param commandLine the kernel's parameters, may be empty
     * @param rsdpAddress guest physical address of the ACPI RSDP, or 0 for a machine without ACPI
     * @return how the first processor has to start
     * @throws vmm.linux.HostException if a file is missing, unreadable, not a kernel or does not fit
     */
    public static EntryState load(
            GuestMemory memory, Path kernel, Optional<Path> initrd, String commandLine, long rsdpAddress) {
        return Optional.<EntryState>empty().orElseThrow();
    }
}
