package vmm.bench.hotplug;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import vmm.bench.LinuxBench;
import vmm.control.QmpClient;
import vmm.linux.HostException;

/** How many disks a machine takes on a level before it says no. No guest runs; nobody is told of a disk. */
final class Limits {
    private static final Path MEMORY = Path.of("/dev/shm");
    private static final int ATTEMPTS = 100;
    private static final int SLOTS = 32;
    private static final int FUNCTIONS = 8;

    /** The slots below are the chipset's and the controller's. */
    private static final int FIRST_FREE_SLOT = 3;

    private static final int LAST_TARGET = 255;
    private static final int LAST_LUN = 16_383;

    /**
     * How far it went.
     *
     * @param disks that were taken
     * @param refusal what the VMM said then
     */
    record Limit(int disks, String refusal) {}

    private final QmpClient control;
    private final int seconds;
    private int added;

    private Limits(QmpClient control, int seconds) {
        this.control = control;
        this.seconds = seconds;
    }

    /**
     * Fills a machine on each level.
     *
     * @param seconds how long LUNs of one target may take
     */
    static Map<String, Limit> of(Vmm vmm, int seconds) throws IOException, InterruptedException {
        Map<String, Limit> limits = new LinkedHashMap<>();
        Map<String, Filling> fillings = new LinkedHashMap<>();
        fillings.put("disks, a PCI slot each", Limits::functions);
        fillings.put("disks, 8 in a PCI slot", Limits::slots);
        fillings.put("targets, each with its last LUN", Limits::targets);
        fillings.put("numbers for LUNs of a target", Limits::numbers);
        fillings.put("LUNs of one target", Limits::units);
        for (Map.Entry<String, Filling> filling : fillings.entrySet()) {
            Hotplug.step("filling a machine of " + vmm.title() + " with " + filling.getKey());
            limits.put(filling.getKey(), inMachine(vmm, filling.getValue(), seconds));
        }
        return limits;
    }

    private interface Filling {
        Limit fill(Limits limits) throws IOException;
    }

    private static Limit inMachine(Vmm vmm, Filling filling, int seconds) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory(MEMORY, "vmm-hotplug-");
        Process process =
                Vmm.start(new ProcessBuilder(command(vmm, folder)).redirectOutput(ProcessBuilder.Redirect.DISCARD));
        try (QmpClient control = connect(process, Vmm.socket(folder))) {
            return filling.fill(new Limits(control, seconds));
        } finally {
            process.destroyForcibly().waitFor();
            Files.deleteIfExists(Vmm.socket(folder));
            Files.delete(folder);
        }
    }

    /** A machine with a controller in slot 2 whose firmware finds nothing to start. */
    private static List<String> command(Vmm vmm, Path folder) {
        return switch (vmm) {
            case OURS ->
                List.of(
                        LinuxBench.vmm(),
                        "run",
                        "limits",
                        "--memory",
                        "64M",
                        "--firmware",
                        "seabios",
                        "--serial",
                        "none",
                        "--controller",
                        "scsi,index=0,slot=2",
                        "--control",
                        Vmm.socket(folder).toString());
            case QEMU ->
                List.of(
                        "qemu-system-x86_64",
                        "-nodefaults",
                        "-S",
                        "-M",
                        "pc,graphics=off",
                        "-m",
                        "64",
                        "-display",
                        "none",
                        "-device",
                        "virtio-scsi-pci,addr=2,id=" + Vmm.CONTROLLER,
                        "-qmp",
                        "unix:" + Vmm.socket(folder) + ",server=on,wait=off");
        };
    }

    private static QmpClient connect(Process process, Path socket) throws IOException, InterruptedException {
        for (int attempt = 1; ; attempt++) {
            try {
                return QmpClient.connect(socket);
            } catch (IOException notYet) {
                if (attempt == ATTEMPTS || process.waitFor(100, TimeUnit.MILLISECONDS)) {
                    throw notYet;
                }
            }
        }
    }

    private Limit functions() throws IOException {
        int disks = 0;
        while (true) {
            Map<String, Object> device = new LinkedHashMap<>(Map.of("driver", "virtio-blk-pci", "bus", "pci.0"));
            String refusal = add(device);
            if (!refusal.isEmpty()) {
                return new Limit(disks, refusal);
            }
            disks++;
        }
    }

    private Limit slots() throws IOException {
        int disks = 0;
        for (int slot = FIRST_FREE_SLOT; slot < SLOTS; slot++) {
            for (int function = FUNCTIONS - 1; function >= 0; function--) {
                String refusal = add(Level.SLOT.device(Level.Place.ofFunction(slot, function)));
                if (!refusal.isEmpty()) {
                    return new Limit(disks, refusal);
                }
                disks++;
            }
        }
        return new Limit(disks, add(Level.SLOT.device(Level.Place.ofFunction(SLOTS - 1, 0))));
    }

    private Limit units() throws IOException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        for (int disks = 0; ; disks++) {
            if (System.nanoTime() - end >= 0) {
                return new Limit(disks, "(took more when " + seconds + " s were over)");
            }
            Map<String, Object> device = Level.LUN.device(Level.Place.ofUnit(0, 0));
            device.remove("lun");
            String refusal = add(device);
            if (!refusal.isEmpty()) {
                return new Limit(disks, refusal);
            }
        }
    }

    /** The numbers that a LUN of one target may have: the last, and the one behind it. */
    private Limit numbers() throws IOException {
        String last = add(Level.LUN.device(Level.Place.ofUnit(0, LAST_LUN)));
        return last.isEmpty()
                ? new Limit(LAST_LUN + 1, add(Level.LUN.device(Level.Place.ofUnit(0, LAST_LUN + 1))))
                : new Limit(0, last);
    }

    /** Of every target the last LUN. */
    private Limit targets() throws IOException {
        List<Integer> taken = new ArrayList<>();
        for (int target = 0; ; target++) {
            String refusal = add(Level.LUN.device(Level.Place.ofUnit(target, LAST_LUN)));
            if (!refusal.isEmpty() || target > LAST_TARGET) {
                return new Limit(taken.size(), refusal);
            }
            taken.add(target);
        }
    }

    /** Adds a disk; returns what the VMM says against it, nothing if it takes it. */
    private String add(Map<String, Object> device) throws IOException {
        String id = "disk" + added++;
        control.execute(
                "blockdev-add", Map.of("driver", "null-co", "node-name", id, "size", 1 << 20, "read-zeroes", true));
        device.put("id", id);
        device.put("drive", id);
        try {
            control.execute("device_add", device);
            return "";
        } catch (HostException refused) {
            return String.valueOf(refused.getMessage()).replaceFirst("^The machine refuses device_add: ", "");
        }
    }
}
