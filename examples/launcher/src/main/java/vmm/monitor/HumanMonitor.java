package vmm.monitor;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import vmm.control.QmpAnswer;
import vmm.control.QmpException;
import vmm.machine.DiskConfig;
import vmm.machine.NodeConfig;
import vmm.machine.RunState;
import vmm.machine.RunningMachine;
import vmm.machine.RunningMachine.Tray;
import vmm.monitor.Schema.JsonType;

/** What people ask by {@code human-monitor-command}; the answers are text for them. */
final class HumanMonitor {
    private static final String END = "\r\n";

    private final RunningMachine machine;

    private HumanMonitor(RunningMachine machine) {
        this.machine = machine;
    }

    static List<Command> of(RunningMachine machine) {
        HumanMonitor monitor = new HumanMonitor(machine);
        return List.of(new Command(
                "human-monitor-command",
                Schema.NONE.required("command-line", JsonType.STRING).optional("cpu-index", JsonType.INTEGER),
                monitor::run));
    }

    private QmpAnswer run(Arguments arguments) throws QmpException {
        long cpu = arguments.optionalNumber("cpu-index").orElse(0);
        if (cpu < 0 || cpu >= machine.config().cpus()) {
            throw QmpException.generic("Parameter 'cpu-index' expects a CPU number");
        }
        String line = arguments.string("command-line").strip();
        return QmpAnswer.of(
                switch (line.replaceAll("\\s+", " ")) {
                    case "" -> "";
                    case "info" ->
                        "info block  -- show info of one block device or all block devices" + END
                                + "info pci  -- show PCI info" + END
                                + "info status  -- show the current VM status (running|paused)" + END;
                    case "info pci" -> new PciQueries(machine).text();
                    case "info block" -> disks();
                    case "info status" -> status();
                    default -> "unknown command: '" + line + "'" + END;
                });
    }

    private String status() {
        RunState state = machine.state();
        return state == RunState.RUNNING
                ? "VM status: running" + END
                : "VM status: paused" + (state == RunState.PAUSED ? "" : " (" + state.word() + ")") + END;
    }

    private String disks() {
        List<NodeConfig> nodes = machine.nodes();
        return machine.config().disks().stream()
                .map(disk -> disk(disk, BlockTree.inserted(disk, nodes)))
                .collect(Collectors.joining(END));
    }

    private String disk(DiskConfig disk, Optional<NodeConfig> node) {
        StringBuilder text = new StringBuilder();
        text.append(node.map(NodeConfig::name).orElse(disk.id())).append(": ");
        text.append(node.map(HumanMonitor::image).orElse("[not inserted]")).append(END);
        text.append("    Attached to:      ").append(BlockTree.qdev(disk)).append(END);
        if (disk.cdrom()) {
            Optional<Tray> tray = machine.tray(disk.id());
            text.append("    Removable device: ")
                    .append(tray.map(Tray::locked).orElse(false) ? "locked" : "not locked")
                    .append(tray.map(Tray::open).orElse(false) ? ", tray open" : ", tray closed")
                    .append(END);
        }
        node.ifPresent(inserted ->
                text.append("    Cache mode:       ").append(cache(inserted)).append(END));
        return text.toString();
    }

    private static String image(NodeConfig node) {
        return BlockTree.filename(node.image()) + " (" + BlockTree.format(node.image())
                + (node.image().readOnly() ? ", read-only)" : ")");
    }

    private static String cache(NodeConfig node) {
        return switch (node.image().cache()) {
            case NONE -> "writeback, direct";
            case WRITEBACK -> "writeback";
            case WRITETHROUGH -> "writethrough";
        };
    }
}
