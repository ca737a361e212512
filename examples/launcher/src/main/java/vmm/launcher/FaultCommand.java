package vmm.launcher;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import vmm.block.ByteSize;
import vmm.control.QmpClient;
import vmm.machine.ConfigurationException;
import vmm.monitor.RemoteMachine;
import vmm.scsi.UnitAttention;

/** {@code vmm fault}: has things go wrong in a running machine's logical units. */
@Command(
        name = "fault",
        description =
                "Has something go wrong in a SCSI disk or drive of a running machine, to see what its guest does.",
        footer = {
            "",
            "Without options it tells what is still to go wrong. Numbers of commands count down as commands come; always is"
                    + " until --clear. The next reset of the machine begins without faults.",
            "",
            "A command whose response is lost ends when the guest aborts it, or goes on with --clear; Linux's virtio-scsi"
                    + " driver waits for ever by itself, and sg_reset --device in the guest makes it reset the disk. Unit attentions are told once to each initiator: power-on, bus-reset, logical-unit-reset,"
                    + " nexus-loss, mode-parameters-changed, capacity-changed, medium-may-have-changed and so on.",
            "",
            "Examples:",
            "  vmm fault web data --medium-error 1M+64K",
            "  vmm fault web data --delay 200 --commands always",
            "  vmm fault web data --lost --commands 1",
            "  vmm fault web data --unit-attention capacity-changed",
            "  vmm fault web data --clear",
            "  vmm fault web",
            "",
            "Exit status: 0, 1 if the machine refuses or does not run, 2 wrong usage."
        })
final class FaultCommand extends ControlCommand {
    private static final String ALWAYS = "always";

    private static final String ATTENTIONS =
            Stream.of(UnitAttention.values()).map(UnitAttention::word).collect(Collectors.joining(", "));

    @Parameters(index = "1", arity = "0..1", paramLabel = "ID", description = "The disk's or drive's id.")
    private @Nullable String id;

    @Option(
            names = "--medium-error",
            paramLabel = "OFFSET+LENGTH",
            description = "Reading and writing this part of the medium ends with MEDIUM ERROR.")
    private List<String> mediumErrors = new ArrayList<>();

    @Option(names = "--busy", description = "The next commands end with BUSY.")
    private boolean busy;

    @Option(names = "--lost", description = "The next commands get no response.")
    private boolean lost;

    @Option(names = "--delay", paramLabel = "MILLISECONDS", description = "The next commands begin so much later.")
    private @Nullable Long delay;

    @Option(
            names = "--commands",
            paramLabel = "N",
            description = "How many commands that comes to: a number (1 if left out) or always.")
    private @Nullable String commands;

    @Option(names = "--unit-attention", paramLabel = "WHAT", description = "Has a unit attention told.")
    private @Nullable String attention;

    @Option(names = "--clear", description = "Nothing goes wrong any more.")
    private boolean clear;

    @Option(names = "--json", description = "Tells what is to go wrong as JSON.")
    private boolean json;

    /** A fault that the machine is to be told of. */
    private record Fault(String name, Map<String, Object> arguments) {}

    FaultCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() throws IOException {
        List<Fault> faults = faults();
        if (id == null && (clear || !faults.isEmpty())) {
            throw new ConfigurationException("Things go wrong in one disk; give its ID behind " + name() + ".");
        }
        try (QmpClient client = connect()) {
            RemoteMachine machine = new RemoteMachine(client);
            if (id != null) {
                if (clear) {
                    machine.clearFaults(id);
                }
                for (Fault fault : faults) {
                    machine.inject(id, fault.name, fault.arguments);
                }
            }
            tell(machine.faults());
        }
        return 0;
    }

    private List<Fault> faults() {
        List<Fault> faults = new ArrayList<>();
        for (String range : mediumErrors) {
            faults.add(new Fault("medium-error", range(range)));
        }
        if (commands != null && !busy && !lost && delay == null) {
            throw new ConfigurationException(
                    "--commands says how many --busy, --lost or --delay come to; add one of them.");
        }
        Map<String, Object> counted = counted();
        if (busy) {
            faults.add(new Fault("busy", counted));
        }
        if (lost) {
            faults.add(new Fault("lost-response", counted));
        }
        if (delay != null) {
            Map<String, Object> arguments = new LinkedHashMap<>(counted);
            arguments.put("milliseconds", delay);
            faults.add(new Fault("delay", arguments));
        }
        if (attention != null) {
            if (UnitAttention.of(attention).isEmpty()) {
                throw new ConfigurationException(
                        "--unit-attention takes one of " + ATTENTIONS + ", not " + attention + ".");
            }
            faults.add(new Fault("unit-attention", Map.of("attention", attention)));
        }
        return faults;
    }

    private static Map<String, Object> range(String text) {
        String[] parts = text.split("\\+", 2);
        if (parts.length < 2) {
            throw new ConfigurationException(
                    "--medium-error takes a part of the medium, as in 1M+64K, not " + text + ".");
        }
        return Map.of(
                "offset", Sizes.parse("--medium-error", parts[0], 'B'),
                "length", Sizes.parse("--medium-error", parts[1], 'B'));
    }

    /** How many commands it comes to, as an argument; without it the machine takes all. */
    private Map<String, Object> counted() {
        if (commands == null) {
            return Map.of("commands", 1);
        }
        if (commands.equals(ALWAYS)) {
            return Map.of();
        }
        try {
            return Map.of("commands", Integer.parseInt(commands));
        } catch (NumberFormatException noNumber) {
            throw new ConfigurationException("--commands takes a number or always, not " + commands + ".");
        }
    }

    private void tell(JsonNode units) {
        if (json) {
            console().out().println(Json.write(units));
        } else if (units.isEmpty()) {
            console().out().println("Nothing is to go wrong in " + name() + ".");
        } else {
            Table table = new Table("ID", "MEDIUM ERRORS", "BUSY", "LOST", "DELAYED");
            for (JsonNode unit : units) {
                table.add(
                        unit.path("id").stringValue(""),
                        ranges(unit.path("medium-errors")),
                        number(unit, "busy"),
                        number(unit, "lost-responses"),
                        unit.has("delayed")
                                ? number(unit, "delayed") + " by "
                                        + unit.path("milliseconds").longValue(0) + " ms"
                                : "-");
            }
            console().out().println(table);
        }
    }

    private static String ranges(JsonNode ranges) {
        List<String> texts = new ArrayList<>();
        for (JsonNode range : ranges) {
            texts.add(ByteSize.format(range.path("offset").longValue(0)) + "+"
                    + ByteSize.format(range.path("length").longValue(0)));
        }
        return texts.isEmpty() ? "-" : String.join(" ", texts);
    }

    private static String number(JsonNode unit, String key) {
        long commands = unit.path(key).longValue(0);
        return commands < 0 ? ALWAYS : commands == 0 ? "-" : Long.toString(commands);
    }
}
