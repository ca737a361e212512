package vmm.launcher;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import vmm.control.QmpClient;
import vmm.machine.ConfigurationException;

/** {@code vmm info}: what a running machine consists of. */
@Command(
        name = "info",
        description = "Shows what a running machine consists of at this moment.",
        footer = {
            "",
            "  pci     every function of the PCI bus, with its device's name",
            "  scsi    every controller, target and logical unit",
            "  queues  every virtio device, with its queues, how many the driver uses, and I/O threads",
            "  disks   every disk, with its image",
            "  stats   what every disk has done since the machine began or was reset",
            "",
            "With --json it is what the machine itself says, in QMP's words.",
            "",
            "Examples:",
            "  vmm info web scsi",
            "  vmm info web pci --json",
            "",
            "Exit status: 0, 1 if the machine does not run, 2 wrong usage."
        })
final class InfoCommand extends ControlCommand {
    private static final int DRIVER_OK = 4;
    private static final int NEEDS_RESET = 64;

    private static final List<String> TOPICS = List.of("pci", "scsi", "queues", "disks", "stats");

    @Parameters(index = "1", paramLabel = "pci|scsi|queues|disks|stats", description = "What to show.")
    private String topic = "";

    @Option(names = "--json", description = "Shows it as JSON.")
    private boolean json;

    InfoCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() throws IOException {
        if (!TOPICS.contains(topic)) {
            throw new ConfigurationException(
                    "vmm info shows one of " + String.join(", ", TOPICS) + ", not " + topic + ".");
        }
        try (QmpClient client = connect()) {
            JsonNode answer = client.execute(
                    switch (topic) {
                        case "pci" -> "query-pci";
                        case "scsi" -> "x-vmm-query-scsi";
                        case "queues" -> "x-vmm-query-virtio";
                        case "stats" -> "x-vmm-query-stats";
                        default -> "query-block";
                    });
            console().out().println(json ? Json.write(answer) : table(answer));
        }
        return 0;
    }

    private Table table(JsonNode answer) {
        return switch (topic) {
            case "pci" -> functions(answer);
            case "scsi" -> units(answer);
            case "queues" -> queues(answer);
            case "stats" -> counters(answer);
            default -> disks(answer);
        };
    }

    private static Table functions(JsonNode buses) {
        Table table = new Table("ADDRESS", "VENDOR:DEVICE", "CLASS", "ID", "WHAT");
        for (JsonNode bus : buses) {
            for (JsonNode function : bus.path("devices")) {
                JsonNode id = function.path("id");
                JsonNode kind = function.path("class_info");
                table.add(
                        "00:%02x.%d".formatted(number(function, "slot"), number(function, "function")),
                        "%04x:%04x".formatted(number(id, "vendor"), number(id, "device")),
                        "%04x".formatted(number(kind, "class")),
                        dash(text(function, "qdev_id")),
                        dash(text(kind, "desc")));
            }
        }
        return table;
    }

    private static Table units(JsonNode controllers) {
        Table table = new Table("CONTROLLER", "ADDRESS", "TARGET", "LUN", "ID", "TYPE", "SERIAL", "FILE");
        for (JsonNode controller : controllers) {
            if (controller.path("units").isEmpty()) {
                table.add(text(controller, "id"), text(controller, "address"), "-", "-", "-", "-", "-", "-");
            }
            for (JsonNode unit : controller.path("units")) {
                table.add(
                        text(controller, "id"),
                        text(controller, "address"),
                        range(unit, "target", "last-target"),
                        range(unit, "lun", "last-lun"),
                        text(unit, "id"),
                        text(unit, "type"),
                        dash(text(unit, "serial")),
                        file(text(unit, "file"), unit.path("read-only").booleanValue(false)));
            }
        }
        return table;
    }

    private static Table queues(JsonNode devices) {
        Table table = new Table("ID", "TYPE", "ADDRESS", "VIRTIO", "QUEUES", "DRIVER", "ENABLED", "IOTHREADS");
        for (JsonNode device : devices) {
            List<String> threads = new ArrayList<>();
            device.path("iothreads").forEach(thread -> threads.add(Long.toString(thread.longValue())));
            table.add(
                    text(device, "id"),
                    text(device, "type"),
                    text(device, "address"),
                    text(device, "transport"),
                    number(device, "queues"),
                    driver(device),
                    device.path("enabled-queues").size(),
                    threads.isEmpty() ? "its own" : String.join("+", threads));
        }
        return table;
    }

    /** What the device status says of the driver (virtio 1.3 2.1). */
    private static String driver(JsonNode device) {
        long status = number(device, "status");
        if ((status & NEEDS_RESET) != 0) {
            return "broken";
        }
        return (status & DRIVER_OK) != 0 ? "ok" : "-";
    }

    private static Table counters(JsonNode disks) {
        Table table = new Table("ID", "BUS", "READS", "BYTES", "WRITES", "BYTES", "FLUSHES", "ERRORS");
        for (JsonNode disk : disks) {
            // SCSI disks do not count flushes.
            boolean scsi = text(disk, "bus").equals("scsi");
            table.add(
                    text(disk, "id"),
                    text(disk, "bus"),
                    number(disk, "reads"),
                    number(disk, "bytes-read"),
                    number(disk, "writes"),
                    number(disk, "bytes-written"),
                    scsi ? "-" : number(disk, "flushes"),
                    number(disk, "errors"));
        }
        return table;
    }

    private static Table disks(JsonNode devices) {
        Table table = new Table("DEVICE", "FORMAT", "SIZE", "FILE");
        StreamSupport.stream(devices.spliterator(), false).forEach(device -> {
            JsonNode image = device.path("inserted");
            String qdev = text(device, "qdev");
            table.add(
                    qdev.replaceAll("^/machine/peripheral/([^/]*)(/.*)?$", "$1"),
                    dash(text(image, "drv")),
                    image.has("image")
                            ? (image.path("image").path("virtual-size").longValue() >> 20) + " MiB"
                            : "-",
                    image.has("file")
                            ? file(text(image, "file"), image.path("ro").booleanValue(false))
                            : "(no disc)");
        });
        return table;
    }

    private static String file(String file, boolean readOnly) {
        return file.isEmpty() ? "(no disc)" : readOnly ? file + " (read-only)" : file;
    }

    private static String range(JsonNode unit, String first, String last) {
        long from = number(unit, first);
        long to = number(unit, last);
        return from == to ? Long.toString(from) : from + "-" + to;
    }

    private static String text(JsonNode tree, String key) {
        return tree.path(key).stringValue("");
    }

    private static long number(JsonNode tree, String key) {
        return tree.path(key).longValue(0);
    }

    private static String dash(String text) {
        return text.isEmpty() ? "-" : text;
    }
}
