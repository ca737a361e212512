package vmm.bench.hotplug;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import vmm.bench.LinuxBench;

/** A VMM, and how it is told to start a machine with a controller, one disk of each kind, and a control socket. */
enum Vmm {
    /** This project's. */
    OURS("ours") {
        @Override
        List<String> command(GuestFiles files, Path folder) {
            List<String> command = new ArrayList<>(List.of(LinuxBench.vmm(), "run", "hotplug", "--no-reboot"));
            command.addAll(List.of(
                    "--memory",
                    MEMORY + "M",
                    "--cpus",
                    "1",
                    "--control",
                    socket(folder).toString()));
            command.addAll(List.of("--kernel", files.kernel().toString(), "--append", files.commandLine()));
            command.addAll(List.of("--initrd", files.initrd().toString()));
            command.addAll(List.of("--controller", "scsi,index=0,slot=2"));
            command.addAll(List.of("--disk", "bus=scsi,id=stays0,target=0,lun=0,file=" + stays(folder, 0)));
            command.addAll(List.of("--disk", "bus=virtio,id=stays1,slot=3,file=" + stays(folder, 1)));
            return command;
        }
    },
    /** QEMU's PC, with I/O threads as this VMM has them. */
    QEMU("QEMU") {
        @Override
        List<String> command(GuestFiles files, Path folder) {
            List<String> command =
                    new ArrayList<>(List.of("qemu-system-x86_64", "-nodefaults", "-M", "pc,graphics=off"));
            command.addAll(List.of("-accel", "kvm", "-cpu", "host", "-m", Integer.toString(MEMORY), "-no-reboot"));
            command.addAll(List.of("-display", "none", "-serial", "stdio"));
            command.addAll(List.of("-qmp", "unix:" + socket(folder) + ",server=on,wait=off"));
            command.addAll(List.of("-kernel", files.kernel().toString(), "-append", files.commandLine()));
            command.addAll(List.of("-initrd", files.initrd().toString()));
            command.addAll(List.of("-device", "virtio-scsi-pci,id=" + CONTROLLER + ",addr=2"));
            for (int disk = 0; disk < STAYING; disk++) {
                command.addAll(List.of(
                        "-blockdev", "driver=file,node-name=stays" + disk + ",filename=" + stays(folder, disk)));
            }
            command.addAll(List.of("-device", "scsi-hd,drive=stays0,scsi-id=0,lun=0"));
            command.addAll(List.of("-device", "virtio-blk-pci,drive=stays1,addr=3"));
            return command;
        }
    };

    /** What both call the controller. */
    static final String CONTROLLER = "scsi0";

    /** The slots below are the chipset's, the controller's and that of the disk that stays. */
    static final int FIRST_FREE_SLOT = 4;

    /** How many disks stay. */
    static final int STAYING = 2;

    /** In MiB; fio comes with the libraries of every storage there is. */
    private static final int MEMORY = 512;

    private final String title;

    Vmm(String title) {
        this.title = title;
    }

    /** What the table calls it. */
    String title() {
        return title;
    }

    /** Where a machine that was started in {@code folder} listens. */
    static Path socket(Path folder) {
        return folder.resolve("control");
    }

    /** The image of a disk that stays. */
    static Path stays(Path folder, int number) {
        return folder.resolve("stays" + number);
    }

    /** Starts a VMM, which ends with this program at the latest. */
    static Process start(ProcessBuilder command) throws IOException {
        Process process = command.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        Thread end = new Thread(process::destroy, "end of a VMM");
        Runtime.getRuntime().addShutdownHook(end);
        var _ = process.onExit().thenRun(() -> forget(end));
        return process;
    }

    private static void forget(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException shuttingDown) {
            // It runs, or has run.
        }
    }

    /** The command line that starts a machine. */
    abstract List<String> command(GuestFiles files, Path folder);
}
