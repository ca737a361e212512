package vmm.machine;

import java.nio.file.Path;
import java.util.Optional;
import vmm.firmware.smbios.EntryPoint;
import vmm.firmware.smbios.SystemIdentity;

/** What runs first on a machine. */
public sealed interface Boot {
    /**
     * A kernel that the VMM itself puts into memory: a Linux bzImage, an ELF file with a PVH entry, or a Multiboot
     * kernel.
     *
     * @param kernel the kernel's file
     * @param initrd the initial RAM disk's file, or a Multiboot kernel's modules as FILE TEXT,FILE TEXT; if there are
     *     any
     * @param commandLine what the kernel is told, may be empty
     */
    record Kernel(Path kernel, Optional<Path> initrd, String commandLine) implements Boot {}

    /**
     * Firmware, which starts what it finds on a disk, or a kernel.
     *
     * @param source which firmware
     * @param kernel a bzImage that it is to start before it tries any disk, if there is one
     * @param options what it may start
     * @param identity what machine it tells the guest that it is on
     * @param entryPoint by which the guest finds that
     */
    record Firmware(
            FirmwareSource source,
            Optional<Kernel> kernel,
            BootOptions options,
            SystemIdentity identity,
            EntryPoint entryPoint)
            implements Boot {}
}
