package vmm.monitor;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import vmm.block.BlockOptions;
import vmm.block.BlockOptions.Cache;
import vmm.block.BlockOptions.Format;
import vmm.block.ByteSize;
import vmm.block.ThrottleLimits;
import vmm.control.QmpAnswer;
import vmm.linux.FileStatus;
import vmm.machine.DiskAddress;
import vmm.machine.DiskConfig;
import vmm.machine.DiskLimits;
import vmm.machine.NodeConfig;
import vmm.machine.RunningMachine;
import vmm.machine.RunningMachine.Tray;

/** What QMP tells of images and of the devices that use them. */
final class BlockTree {
    private final RunningMachine machine;

    private BlockTree(RunningMachine machine) {
        this.machine = machine;
    }

    static List<Command> of(RunningMachine machine) {
        BlockTree tree = new BlockTree(machine);
        return List.of(
                Command.query("query-block", tree::devices),
                new Command(
                        "query-blockstats",
                        Schema.NONE.optional("query-nodes", Schema.JsonType.BOOLEAN),
                        _ -> QmpAnswer.of(tree.statistics())),
                new Command(
                        "query-named-block-nodes",
                        Schema.NONE.optional("flat", Schema.JsonType.BOOLEAN),
                        _ -> QmpAnswer.of(tree.nodes())));
    }

    private List<Map<String, Object>> nodes() {
        return machine.nodes().stream()
                .map(node -> node(node, ThrottleLimits.NONE))
                .toList();
    }

    private List<Map<String, Object>> devices() {
        List<NodeConfig> nodes = machine.nodes();
        return machine.config().disks().stream()
                .map(disk -> device(disk, nodes))
                .toList();
    }

    private Map<String, Object> device(DiskConfig disk, List<NodeConfig> nodes) {
        Map<String, Object> device = new LinkedHashMap<>();
        device.put("device", "");
        device.put("qdev", qdev(disk));
        device.put("type", "unknown");
        device.put("removable", disk.cdrom() || disk.removable());
        Optional<Tray> tray = machine.tray(disk.id());
        device.put("locked", tray.map(Tray::locked).orElse(false));
        tray.ifPresent(now -> device.put("tray_open", now.open()));
        device.put("io-status", "ok");
        inserted(disk, nodes).ifPresent(node -> device.put("inserted", inserted(disk, node)));
        return device;
    }

    /** What disks have done; drives do not count it. */
    private List<Map<String, Object>> statistics() {
        return machine.config().disks().stream().map(this::statistics).toList();
    }

    private Map<String, Object> statistics(DiskConfig disk) {
        Map<String, Object> counted = new LinkedHashMap<>();
        machine.counters(disk.id()).ifPresent(counters -> {
            counted.put("rd_bytes", counters.bytesRead());
            counted.put("wr_bytes", counters.bytesWritten());
            counted.put("rd_operations", counters.reads());
            counted.put("wr_operations", counters.writes());
            if (disk.address() instanceof DiskAddress.Virtio) {
                counted.put("flush_operations", counters.flushes());
            }
        });
        counted.put("timed_stats", List.of());
        Map<String, Object> device = new LinkedHashMap<>();
        device.put("device", "");
        device.put("qdev", qdev(disk));
        if (!disk.node().isEmpty()) {
            device.put("node-name", disk.node());
        }
        device.put("stats", counted);
        return device;
    }

    /** What QEMU calls the user of an image: the virtio device behind a function of the bus, or a logical unit. */
    static String qdev(DiskConfig disk) {
        return new Device.Disk(disk).type() == DeviceType.VIRTIO_BLK ? ObjectTree.backend(disk.id()) : disk.id();
    }

    /** What is in a drive, or what a disk consists of. */
    static Optional<NodeConfig> inserted(DiskConfig disk, List<NodeConfig> nodes) {
        return nodes.stream().filter(node -> node.name().equals(disk.node())).findFirst();
    }

    /** Limits that are a disk's own have a group of its name, as in QEMU. */
    private Map<String, Object> inserted(DiskConfig disk, NodeConfig node) {
        DiskLimits limits = disk.policy().limits();
        Map<String, Object> tree = node(node, limits.limits());
        if (!limits.limits().isNone()) {
            tree.put("group", limits.group().orElse(disk.id()));
        }
        return tree;
    }

    private Map<String, Object> node(NodeConfig node, ThrottleLimits limits) {
        BlockOptions image = node.image();
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("file", filename(image));
        tree.put("node-name", node.name());
        tree.put("ro", image.readOnly());
        tree.put("drv", format(image));
        tree.put("backing_file_depth", 0);
        tree.put("encrypted", false);
        tree.put("detect_zeroes", "off");
        tree.put("write_threshold", 0);
        tree.put("bps", limits.totalBytes().perSecond());
        tree.put("bps_rd", limits.readBytes().perSecond());
        tree.put("bps_wr", limits.writeBytes().perSecond());
        tree.put("iops", limits.totalIops().perSecond());
        tree.put("iops_rd", limits.readIops().perSecond());
        tree.put("iops_wr", limits.writeIops().perSecond());
        tree.put("cache", Map.of("writeback", true, "direct", image.cache() == Cache.NONE, "no-flush", false));
        tree.put("image", image(node));
        return tree;
    }

    private Map<String, Object> image(NodeConfig node) {
        BlockOptions image = node.image();
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("filename", filename(image));
        tree.put("format", format(image));
        FileStatus status = FileStatus.of(image.source());
        boolean file = status.errno() == 0 && status.kind() == FileStatus.Kind.FILE;
        tree.put("virtual-size", machine.size(node.name()));
        tree.put("actual-size", file ? status.allocated() : 0);
        if (file) {
            tree.put("dirty-flag", false);
        }
        return tree;
    }

    /** The driver of an image's topmost level. */
    static String format(BlockOptions image) {
        if (image.format() == Format.QCOW2) {
            return "qcow2";
        }
        return image.source().startsWith(BlockdevOptions.NULL) ? "null-co" : "raw";
    }

    /** What an image is called for people, and for commands that take a file's name. */
    static String filename(BlockOptions image) {
        return image.source().startsWith(BlockdevOptions.NULL)
                ? "json:{\"read-zeroes\": true, \"driver\": \"null-co\", \"size\": "
                        + ByteSize.parse(image.source().substring(BlockdevOptions.NULL.length())) + "}"
                : image.source();
    }
}
