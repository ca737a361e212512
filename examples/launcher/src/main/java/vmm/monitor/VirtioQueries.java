package vmm.monitor;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import vmm.control.QmpAnswer;
import vmm.control.QmpException;
import vmm.machine.RunState;
import vmm.machine.RunningMachine;
import vmm.machine.VirtioInfo;
import vmm.monitor.Schema.JsonType;
import vmm.virtio.pci.VirtioPciState;

/** What QMP tells of virtio devices. Bits have the names of the specification, without QEMU's explanations. */
final class VirtioQueries {
    private static final int TYPE_BLOCK = 2;
    private static final int ALIGNMENT = 4096;

    /** virtio 1.3 2.1. */
    private static final Map<Integer, String> STATUS = Map.of(
            0, "VIRTIO_CONFIG_S_ACKNOWLEDGE",
            1, "VIRTIO_CONFIG_S_DRIVER",
            2, "VIRTIO_CONFIG_S_DRIVER_OK",
            3, "VIRTIO_CONFIG_S_FEATURES_OK",
            6, "VIRTIO_CONFIG_S_NEEDS_RESET",
            7, "VIRTIO_CONFIG_S_FAILED");

    private static final int DRIVER_OK = 1 << 2;
    private static final int NEEDS_RESET = 1 << 6;

    /** virtio 1.3 5.2.3. */
    private static final Map<Integer, String> BLK = Map.ofEntries(
            Map.entry(1, "VIRTIO_BLK_F_SIZE_MAX"),
            Map.entry(2, "VIRTIO_BLK_F_SEG_MAX"),
            Map.entry(4, "VIRTIO_BLK_F_GEOMETRY"),
            Map.entry(5, "VIRTIO_BLK_F_RO"),
            Map.entry(6, "VIRTIO_BLK_F_BLK_SIZE"),
            Map.entry(9, "VIRTIO_BLK_F_FLUSH"),
            Map.entry(10, "VIRTIO_BLK_F_TOPOLOGY"),
            Map.entry(11, "VIRTIO_BLK_F_CONFIG_WCE"),
            Map.entry(12, "VIRTIO_BLK_F_MQ"),
            Map.entry(13, "VIRTIO_BLK_F_DISCARD"),
            Map.entry(14, "VIRTIO_BLK_F_WRITE_ZEROES"),
            Map.entry(15, "VIRTIO_BLK_F_LIFETIME"),
            Map.entry(16, "VIRTIO_BLK_F_SECURE_ERASE"));

    /** virtio 1.3 5.6.3. */
    private static final Map<Integer, String> SCSI = Map.of(
            0, "VIRTIO_SCSI_F_INOUT",
            1, "VIRTIO_SCSI_F_HOTPLUG",
            2, "VIRTIO_SCSI_F_CHANGE",
            3, "VIRTIO_SCSI_F_T10_PI");

    /** virtio 1.3 6. */
    private static final Map<Integer, String> TRANSPORT = Map.ofEntries(
            Map.entry(24, "VIRTIO_F_NOTIFY_ON_EMPTY"),
            Map.entry(27, "VIRTIO_F_ANY_LAYOUT"),
            Map.entry(28, "VIRTIO_RING_F_INDIRECT_DESC"),
            Map.entry(29, "VIRTIO_RING_F_EVENT_IDX"),
            Map.entry(32, "VIRTIO_F_VERSION_1"),
            Map.entry(33, "VIRTIO_F_ACCESS_PLATFORM"),
            Map.entry(34, "VIRTIO_F_RING_PACKED"),
            Map.entry(35, "VIRTIO_F_IN_ORDER"),
            Map.entry(36, "VIRTIO_F_ORDER_PLATFORM"),
            Map.entry(38, "VIRTIO_F_NOTIFICATION_DATA"),
            Map.entry(40, "VIRTIO_F_RING_RESET"));

    private final RunningMachine machine;

    private VirtioQueries(RunningMachine machine) {
        this.machine = machine;
    }

    static List<Command> of(RunningMachine machine) {
        VirtioQueries queries = new VirtioQueries(machine);
        Schema path = Schema.NONE.required("path", JsonType.STRING);
        return List.of(
                Command.query("x-query-virtio", queries::devices),
                new Command(
                        "x-query-virtio-status",
                        path,
                        arguments -> QmpAnswer.of(queries.status(queries.find(arguments.string("path"))))),
                new Command(
                        "x-query-virtio-queue-status",
                        path.required("queue", JsonType.INTEGER),
                        arguments -> QmpAnswer.of(
                                queue(queries.find(arguments.string("path")), arguments.number("queue")))));
    }

    private List<Map<String, String>> devices() {
        return Device.of(machine.config()).stream()
                .filter(device -> device.type().isOnPciBus())
                .map(device -> Map.of(
                        "name",
                        device.type() == DeviceType.VIRTIO_BLK ? "virtio-blk" : "virtio-scsi",
                        "path",
                        ObjectTree.backend(device.id())))
                .toList();
    }

    private VirtioInfo find(String path) throws QmpException {
        Optional<VirtioInfo> device = machine.virtio().stream()
                .filter(each -> ObjectTree.backend(each.id()).equals(path))
                .findFirst();
        return device.orElseThrow(() -> QmpException.generic("Path " + path + " is not a VirtIODevice"));
    }

    private static String name(VirtioInfo device) {
        return device.type() == TYPE_BLOCK ? "virtio-blk" : "virtio-scsi";
    }

    private Map<String, Object> status(VirtioInfo device) {
        VirtioPciState state = device.state();
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("name", name(device));
        tree.put("device-id", device.type());
        tree.put("device-endian", "little");
        tree.put("bus-name", device.type() == TYPE_BLOCK ? "" : device.id() + ".0");
        tree.put("num-vqs", state.queues().size());
        tree.put("queue-sel", state.queueSelect());
        tree.put("isr", state.isr());
        tree.put("started", (state.status() & DRIVER_OK) != 0);
        tree.put("broken", (state.status() & NEEDS_RESET) != 0);
        tree.put("vhost-started", false);
        tree.put("vm-running", machine.state() == RunState.RUNNING);
        tree.put("status", Map.of("statuses", names(state.status(), STATUS)));
        tree.put("host-features", features(device, device.features()));
        tree.put("guest-features", features(device, state.driverFeatures()));
        return tree;
    }

    private static Map<String, Object> features(VirtioInfo device, long bits) {
        Map<Integer, String> own = device.type() == TYPE_BLOCK ? BLK : SCSI;
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("transports", names(bits, TRANSPORT));
        tree.put("dev-features", names(bits, own));
        long unknown = bits;
        for (int bit = 0; bit < Long.SIZE; bit++) {
            if (own.containsKey(bit) || TRANSPORT.containsKey(bit)) {
                unknown &= ~(1L << bit);
            }
        }
        if (unknown != 0) {
            tree.put("unknown-dev-features", unknown);
        }
        return tree;
    }

    private static List<String> names(long bits, Map<Integer, String> known) {
        List<String> names = new ArrayList<>();
        for (int bit = 0; bit < Long.SIZE; bit++) {
            String name = known.get(bit);
            if (((bits >>> bit) & 1) != 0 && name != null) {
                names.add(name);
            }
        }
        return names;
    }

    private static Map<String, Object> queue(VirtioInfo device, long index) throws QmpException {
        List<VirtioPciState.Queue> queues = device.state().queues();
        if (index < 0 || index >= queues.size()) {
            throw QmpException.generic("Invalid virtqueue number " + index);
        }
        VirtioPciState.Queue queue = queues.get((int) index);
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("name", name(device));
        tree.put("queue-index", index);
        tree.put("vring-num", queue.size());
        tree.put("vring-align", ALIGNMENT);
        tree.put("vring-desc", queue.descriptorArea());
        tree.put("vring-avail", queue.driverArea());
        tree.put("vring-used", queue.deviceArea());
        return tree;
    }
}
