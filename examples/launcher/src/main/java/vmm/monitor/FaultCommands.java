package vmm.monitor;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import vmm.control.QmpException;
import vmm.linux.Errno;
import vmm.machine.DiskConfig;
import vmm.machine.RunningMachine;
import vmm.monitor.Schema.JsonType;
import vmm.scsi.FaultInjection;
import vmm.scsi.UnitAttention;

/** What goes wrong in logical units because somebody wants it to. QMP has no words for that, so these are our own. */
final class FaultCommands {
    private static final Schema UNIT = Schema.NONE.required("id", JsonType.STRING);

    private static final long MAX_MILLISECONDS = Duration.ofHours(1).toMillis();

    private final RunningMachine machine;

    private FaultCommands(RunningMachine machine) {
        this.machine = machine;
    }

    static List<Command> of(RunningMachine machine) {
        FaultCommands commands = new FaultCommands(machine);
        return List.of(
                Command.query("x-vmm-query-faults", commands::faults),
                Command.effect(
                        "x-vmm-clear-faults",
                        UNIT,
                        arguments -> machine.inject(arguments.string("id"), FaultInjection::clear)),
                Command.effect(
                        "x-vmm-inject-medium-error",
                        UNIT.required("offset", JsonType.INTEGER).required("length", JsonType.INTEGER),
                        commands::failRange),
                Command.effect(
                        "x-vmm-inject-busy",
                        UNIT.optional("commands", JsonType.INTEGER),
                        arguments -> commands.inject(arguments, FaultInjection::busy)),
                Command.effect(
                        "x-vmm-inject-lost-response",
                        UNIT.optional("commands", JsonType.INTEGER),
                        arguments -> commands.inject(arguments, FaultInjection::loseResponses)),
                Command.effect(
                        "x-vmm-inject-delay",
                        UNIT.required("milliseconds", JsonType.INTEGER).optional("commands", JsonType.INTEGER),
                        commands::delay),
                Command.effect(
                        "x-vmm-inject-unit-attention", UNIT.required("attention", JsonType.STRING), commands::raise));
    }

    /** Each logical unit in which something is to go wrong. */
    private List<Map<String, Object>> faults() {
        List<Map<String, Object>> trees = new ArrayList<>();
        for (DiskConfig disk : machine.config().disks()) {
            machine.faults(disk.id())
                    .filter(state -> !state.equals(FaultInjection.State.NONE))
                    .ifPresent(state -> trees.add(tree(disk.id(), state)));
        }
        return trees;
    }

    private static Map<String, Object> tree(String id, FaultInjection.State state) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("id", id);
        tree.put(
                "medium-errors",
                state.badRanges().stream()
                        .map(range -> Map.of("offset", range.offset(), "length", range.length()))
                        .toList());
        putCount(tree, "busy", state.busy());
        putCount(tree, "lost-responses", state.lost());
        putCount(tree, "delayed", state.delayed());
        if (state.delayed() > 0) {
            tree.put("milliseconds", state.delay().toMillis());
        }
        return tree;
    }

    /** A number of commands; without an end it is -1. */
    private static void putCount(Map<String, Object> tree, String name, int commands) {
        if (commands > 0) {
            tree.put(name, commands == FaultInjection.ALWAYS ? -1 : commands);
        }
    }

    /** One of the faults that come to a number of commands. */
    @FunctionalInterface
    private interface Counted {
        void inject(FaultInjection faults, int commands);
    }

    private void inject(Arguments arguments, Counted fault) throws QmpException {
        int commands = commands(arguments);
        machine.inject(arguments.string("id"), faults -> fault.inject(faults, commands));
    }

    /** Without a number it is all commands. */
    private static int commands(Arguments arguments) throws QmpException {
        OptionalLong commands = arguments.optionalNumber("commands");
        if (commands.isEmpty()) {
            return FaultInjection.ALWAYS;
        }
        return (int) within("commands", commands.getAsLong(), 0, FaultInjection.ALWAYS - 1);
    }

    private void delay(Arguments arguments) throws QmpException {
        Duration delay =
                Duration.ofMillis(within("milliseconds", arguments.number("milliseconds"), 1, MAX_MILLISECONDS));
        inject(arguments, (faults, commands) -> faults.delay(commands, delay));
    }

    private void failRange(Arguments arguments) throws QmpException {
        long offset = within("offset", arguments.number("offset"), 0, Long.MAX_VALUE);
        long length = within("length", arguments.number("length"), 1, Long.MAX_VALUE - offset);
        machine.inject(arguments.string("id"), faults -> faults.failRange(offset, length, Errno.EIO));
    }

    private void raise(Arguments arguments) throws QmpException {
        String word = arguments.string("attention");
        UnitAttention attention = UnitAttention.of(word)
                .orElseThrow(() -> QmpException.generic("Parameter 'attention' does not accept value '" + word + "'"));
        machine.raise(arguments.string("id"), attention);
    }

    private static long within(String name, long number, long least, long most) throws QmpException {
        if (number < least || number > most) {
            throw QmpException.generic("Parameter '" + name + "' takes " + least + " to " + most + ", not " + number);
        }
        return number;
    }
}
