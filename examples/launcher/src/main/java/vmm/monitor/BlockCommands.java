package vmm.monitor;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import tools.jackson.databind.node.ObjectNode;
import vmm.block.BlockOptions;
import vmm.block.BlockOptions.Aio;
import vmm.block.BlockOptions.Cache;
import vmm.block.BlockOptions.Format;
import vmm.block.ThrottleLimits;
import vmm.block.ThrottleLimits.Rate;
import vmm.control.QmpException;
import vmm.machine.DiskConfig;
import vmm.machine.DiskLimits;
import vmm.machine.DiskPolicy;
import vmm.machine.NodeConfig;
import vmm.machine.RefusedException;
import vmm.machine.RunningMachine;
import vmm.monitor.Schema.JsonType;

/** The commands that change images, and what drives do with them. */
final class BlockCommands {
    private static final List<String> RATES = List.of("bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr");

    private static final int SECTOR = 512;

    /** By an old name that only devices of QEMU's {@code -drive} have, or by the device's id. */
    private static final Schema DRIVE =
            Schema.NONE.optional("device", JsonType.STRING).optional("id", JsonType.STRING);

    private final RunningMachine machine;

    /** For nodes that nobody has named. */
    private final AtomicLong nodesMade = new AtomicLong();

    private BlockCommands(RunningMachine machine) {
        this.machine = machine;
    }

    static List<Command> of(RunningMachine machine) {
        BlockCommands commands = new BlockCommands(machine);
        return List.of(
                Command.effect("blockdev-add", Schema.OPEN, arguments -> commands.add(arguments.tree())),
                Command.effect(
                        "blockdev-del",
                        Schema.NONE.required("node-name", JsonType.STRING),
                        arguments -> commands.remove(arguments.string("node-name"))),
                Command.effect(
                        "block_resize",
                        Schema.NONE
                                .optional("device", JsonType.STRING)
                                .optional("node-name", JsonType.STRING)
                                .required("size", JsonType.INTEGER),
                        commands::resize),
                Command.effect("block_set_io_throttle", throttleSchema(), commands::throttle),
                Command.effect(
                        "eject",
                        DRIVE.optional("force", JsonType.BOOLEAN),
                        arguments -> commands.eject(commands.drive(arguments), arguments.isTrue("force"))),
                Command.effect(
                        "blockdev-open-tray",
                        DRIVE.optional("force", JsonType.BOOLEAN),
                        arguments -> machine.openTray(commands.drive(arguments).id(), arguments.isTrue("force"))),
                Command.effect(
                        "blockdev-close-tray",
                        DRIVE,
                        arguments -> machine.closeTray(commands.drive(arguments).id())),
                Command.effect(
                        "blockdev-remove-medium",
                        Schema.NONE.required("id", JsonType.STRING),
                        arguments ->
                                machine.changeMedium(commands.drive(arguments).id(), Optional.empty())),
                Command.effect(
                        "blockdev-insert-medium",
                        Schema.NONE.required("id", JsonType.STRING).required("node-name", JsonType.STRING),
                        arguments -> commands.insert(commands.drive(arguments), arguments.string("node-name"))),
                Command.effect(
                        "blockdev-change-medium",
                        DRIVE.required("filename", JsonType.STRING)
                                .optional("format", JsonType.STRING)
                                .optional("force", JsonType.BOOLEAN)
                                .optional("read-only-mode", JsonType.STRING),
                        commands::change));
    }

    private static Schema throttleSchema() {
        Schema schema = DRIVE;
        for (String rate : RATES) {
            schema = schema.required(rate, JsonType.INTEGER);
        }
        for (String rate : RATES) {
            schema = schema.optional(rate + "_max", JsonType.INTEGER);
        }
        for (String rate : RATES) {
            schema = schema.optional(rate + "_max_length", JsonType.INTEGER);
        }
        return schema.optional("iops_size", JsonType.INTEGER).optional("group", JsonType.STRING);
    }

    private void add(ObjectNode arguments) throws QmpException {
        NodeConfig node = BlockdevOptions.parse(arguments);
        if (find(node.name()).isPresent()) {
            throw QmpException.generic("Duplicate nodes with node-name='" + node.name() + "'");
        }
        machine.addNode(node);
    }

    private void remove(String name) throws QmpException {
        if (find(name).isEmpty()) {
            throw QmpException.generic("Failed to find node with node-name='" + name + "'");
        }
        try {
            machine.removeNode(name);
        } catch (RefusedException refused) {
            if (refused.kind() == RefusedException.Kind.IN_USE) {
                throw QmpException.generic("Node " + name + " is in use");
            }
            throw refused;
        }
    }

    private Optional<NodeConfig> find(String name) {
        return machine.nodes().stream().filter(node -> node.name().equals(name)).findFirst();
    }

    private void resize(Arguments arguments) throws QmpException {
        String name = arguments.optionalString("node-name").orElse("");
        if (find(name).isEmpty()) {
            throw QmpException.generic("Cannot find device='"
                    + arguments.optionalString("device").orElse("") + "' nor node-name='" + name + "'");
        }
        long bytes = arguments.number("size");
        if (bytes < 0) {
            throw QmpException.generic("Parameter 'size' expects a >0 size");
        }
        // As QEMU does: images have whole sectors.
        machine.resize(name, Math.ceilDiv(bytes, SECTOR) * SECTOR);
    }

    private void throttle(Arguments arguments) throws QmpException {
        DiskConfig disk = disk(arguments);
        if (disk.node().isEmpty()) {
            throw QmpException.generic("Device has no medium");
        }
        for (String kind : List.of("bps", "iops")) {
            if (arguments.number(kind) != 0
                    && (arguments.number(kind + "_rd") != 0 || arguments.number(kind + "_wr") != 0)) {
                throw QmpException.generic(
                        "bps/iops/max total values and read/write values cannot be used at the same time");
            }
        }
        try {
            machine.throttle(
                    disk.id(),
                    new DiskLimits(
                            arguments.optionalString("group"),
                            new ThrottleLimits(
                                    rate(arguments, "bps"),
                                    rate(arguments, "bps_rd"),
                                    rate(arguments, "bps_wr"),
                                    rate(arguments, "iops"),
                                    rate(arguments, "iops_rd"),
                                    rate(arguments, "iops_wr"),
                                    arguments.optionalNumber("iops_size").orElse(0))));
        } catch (IllegalArgumentException senseless) {
            throw QmpException.generic(String.valueOf(senseless.getMessage()));
        }
    }

    private static Rate rate(Arguments arguments, String name) {
        return new Rate(
                arguments.number(name),
                arguments.optionalNumber(name + "_max").orElse(0),
                arguments.optionalNumber(name + "_max_length").orElse(1));
    }

    private void eject(DiskConfig drive, boolean force) {
        machine.openTray(drive.id(), force);
        machine.changeMedium(drive.id(), Optional.empty());
    }

    private void insert(DiskConfig drive, String node) throws QmpException {
        if (find(node).isEmpty()) {
            throw QmpException.generic("Node '" + node + "' not found");
        }
        machine.changeMedium(drive.id(), Optional.of(node));
    }

    private void change(Arguments arguments) throws QmpException {
        DiskConfig drive = drive(arguments);
        Format format = switch (arguments.optionalString("format").orElse("")) {
            case "" -> Format.UNSPECIFIED;
            case "raw" -> Format.RAW;
            case "qcow2" -> Format.QCOW2;
            default -> throw QmpException.generic("Unknown driver '" + arguments.string("format") + "'");
        };
        BlockOptions image =
                new BlockOptions(arguments.string("filename"), true, format, Cache.WRITEBACK, Aio.AUTO, true);
        NodeConfig node = new NodeConfig(unusedName(), image, DiskPolicy.DEFAULT);
        machine.addNode(node);
        boolean done = false;
        try {
            machine.openTray(drive.id(), arguments.isTrue("force"));
            machine.changeMedium(drive.id(), Optional.of(node.name()));
            machine.closeTray(drive.id());
            done = true;
        } finally {
            if (!done) {
                machine.removeNode(node.name());
            }
        }
    }

    /** No client can give a node such a name. */
    private String unusedName() {
        return "#block%03d".formatted(nodesMade.incrementAndGet());
    }

    private DiskConfig drive(Arguments arguments) throws QmpException {
        DiskConfig disk = disk(arguments);
        if (!disk.cdrom()) {
            throw QmpException.generic("Device '" + disk.id() + "' is not removable");
        }
        return disk;
    }

    private DiskConfig disk(Arguments arguments) throws QmpException {
        Optional<String> id = arguments.optionalString("id");
        Optional<String> device = arguments.optionalString("device");
        if (id.isPresent() == device.isPresent()) {
            throw QmpException.generic("Need exactly one of 'device' and 'id'");
        }
        if (device.isPresent()) {
            throw QmpException.deviceNotFound(device.get());
        }
        if (Device.find(machine.config(), id.orElseThrow()).orElse(null) instanceof Device.Disk disk) {
            return disk.config();
        }
        throw QmpException.deviceNotFound(id.orElseThrow());
    }
}
