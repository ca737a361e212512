package vmm.launcher;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import vmm.firmware.bios.Ovmf;
import vmm.firmware.bios.SeaBios;
import vmm.linux.HostException;
import vmm.linux.IoUring;
import vmm.machine.HostLimits;

/** Looks at what lies around KVM: the JDK, memory, and what the nested lab is made of. */
final class HostCheckup {
    private static final int JDK = 25;
    private static final long LAB_MEMORY = 2L << 30;

    private HostCheckup() {}

    static List<Finding> findings() {
        List<Finding> findings = new ArrayList<>();
        findings.add(jdk());
        findings.add(memory());
        findings.add(ioUring(IoUring.probe()));
        findings.add(firmware("SeaBIOS", "Kernels run, and disks do not start: ", SeaBios::find));
        findings.add(firmware(
                "OVMF", "Disks for UEFI do not start: ", () -> Ovmf.find().code()));
        findings.add(program(
                "lab: qemu-system-x86_64",
                "The lab, which runs Linux guests where KVM is slow or missing, needs it; install qemu-system-x86.",
                "qemu-system-x86_64"));
        findings.add(program(
                "lab: busybox",
                "The lab and the Linux demo need a static busybox; install busybox-static.",
                "busybox"));
        findings.add(program(
                "lab: kernels",
                "The lab gets Debian's kernel packages with apt-get; without it there is no lab.",
                "apt-get"));
        return findings;
    }

    private static Finding jdk() {
        Runtime.Version version = Runtime.version();
        return version.feature() == JDK
                ? Finding.ok("JDK", version + " in " + System.getProperty("java.home"))
                : Finding.warning("JDK", version.toString(), "The VMM is built for and tested with JDK " + JDK + ".");
    }

    static Finding ioUring(IoUring.Support support) {
        return support.available()
                ? Finding.ok("io_uring", support.explanation())
                : Finding.warning(
                        "io_uring",
                        "cannot be used",
                        "Disks are read and written by threads instead, which is slower. " + support.explanation());
    }

    private static Finding firmware(String name, String consequence, Supplier<Path> file) {
        try {
            return Finding.ok(name, file.get().toString());
        } catch (HostException absent) {
            return Finding.warning(name, "not found", consequence + absent.getMessage());
        }
    }

    private static Finding memory() {
        long bytes = HostLimits.ofThisHost().memoryBytes();
        String fact = (bytes >> 20) + " MiB";
        return bytes >= LAB_MEMORY
                ? Finding.ok("memory", fact)
                : Finding.warning(
                        "memory",
                        fact,
                        "Machines run, but the nested lab needs " + (LAB_MEMORY >> 20) + " MiB or more.");
    }

    private static Finding program(String name, String advice, String command) {
        return onPath(command)
                .map(path -> Finding.ok(name, path.toString()))
                .orElseGet(() -> Finding.warning(name, command + " is not on the PATH", advice));
    }

    private static Optional<Path> onPath(String command) {
        String path = System.getenv("PATH");
        for (String folder : (path == null ? "" : path).split(":", -1)) {
            Path file = Path.of(folder, command);
            if (!folder.isEmpty() && Files.isExecutable(file)) {
                return Optional.of(file);
            }
        }
        return Optional.empty();
    }
}
