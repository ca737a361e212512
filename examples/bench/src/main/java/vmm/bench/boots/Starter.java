package vmm.bench.boots;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import vmm.bench.Bus;
import vmm.bench.LinuxBench;
import vmm.lab.DebianDisk;
import vmm.linux.HostException;

/** A VMM, and how it is told to start a machine with one processor, one disk and a console, and nothing else. */
enum Starter {
    /** This project's. */
    OURS("ours") {
        @Override
        List<String> command(BootRow row, DebianDisk disk, Path overlay, Path variables) throws IOException {
            List<String> command = new ArrayList<>(List.of(LinuxBench.vmm(), "run", "boots", "--memory", MEMORY + "M"));
            switch (row.firmware()) {
                case SEABIOS -> command.addAll(List.of("--firmware", "seabios"));
                case OVMF -> command.addAll(List.of("--firmware", "ovmf", "--firmware-vars", variables.toString()));
                case NONE -> command.addAll(kernelOptions("--", disk));
            }
            command.addAll(List.of("--virtio", row.virtio().word()));
            String bus = row.bus() == Bus.BLK ? "virtio" : "scsi";
            command.addAll(List.of("--disk", "file=" + overlay + ",format=qcow2,bus=" + bus + ",serial=" + SERIAL));
            return command;
        }
    },
    /** QEMU's PC, as it is by itself. */
    QEMU("QEMU") {
        @Override
        List<String> command(BootRow row, DebianDisk disk, Path overlay, Path variables) throws IOException {
            List<String> command =
                    new ArrayList<>(List.of("qemu-system-x86_64", "-nodefaults", "-M", "pc,graphics=off"));
            command.addAll(List.of("-accel", "kvm", "-cpu", "host", "-m", Integer.toString(MEMORY)));
            command.addAll(List.of("-display", "none", "-serial", "stdio"));
            switch (row.firmware()) {
                case SEABIOS -> {}
                case OVMF -> {
                    command.addAll(
                            List.of("-drive", "if=pflash,format=raw,readonly=on,file=" + ovmf("OVMF_CODE_4M.fd")));
                    command.addAll(List.of("-drive", "if=pflash,format=raw,file=" + variables));
                }
                case NONE -> command.addAll(kernelOptions("-", disk));
            }
            command.addAll(List.of("-drive", "if=none,id=disk,format=qcow2,file=" + overlay));
            String virtio = switch (row.virtio()) {
                case LEGACY -> ",disable-modern=on";
                case TRANSITIONAL -> ",disable-legacy=off,disable-modern=off";
                case MODERN -> ",disable-legacy=on";
            };
            switch (row.bus()) {
                case BLK -> command.addAll(List.of("-device", "virtio-blk-pci,drive=disk,serial=" + SERIAL + virtio));
                case SCSI ->
                    command.addAll(List.of(
                            "-device", "virtio-scsi-pci" + virtio, "-device", "scsi-hd,drive=disk,serial=" + SERIAL));
            }
            return command;
        }
    };

    private static final int MEMORY = 512;
    private static final String SERIAL = "BOOTS";
    private static final Path OVMF_FOLDER = Path.of("/usr/share/OVMF");

    private final String title;

    Starter(String title) {
        this.title = title;
    }

    /** What the table calls it. */
    String title() {
        return title;
    }

    /**
     * The command line that starts a machine.
     *
     * @param overlay a qcow2 image on that disk
     * @param variables OVMF's, which it may change
     */
    abstract List<String> command(BootRow row, DebianDisk disk, Path overlay, Path variables) throws IOException;

    private static List<String> kernelOptions(String dashes, DebianDisk disk) throws IOException {
        return List.of(
                dashes + "kernel",
                disk.kernel().toString(),
                dashes + "initrd",
                disk.initrd().toString(),
                dashes + "append",
                Files.readString(disk.commandLine()).strip());
    }

    /**
     * A part of Debian's OVMF.
     *
     * @throws HostException if it is not installed
     */
    static Path ovmf(String name) {
        Path file = OVMF_FOLDER.resolve(name);
        if (!Files.isReadable(file)) {
            throw new HostException("There is no " + file + "; install the package ovmf, or leave OVMF out (--firmware"
                    + " seabios,none).");
        }
        return file;
    }
}
