package vmm.launcher;

import java.util.Map;
import picocli.CommandLine;
import vmm.machine.ConfigurationException;

/** A command that only stands above others. */
abstract class CommandGroup extends Subcommand {
    private final String name;
    private final Map<String, Subcommand> members;

    CommandGroup(Console console, String name, Map<String, Subcommand> members) {
        super(console);
        this.name = name;
        this.members = members;
    }

    @Override
    final void addSubcommands(CommandLine line) {
        members.forEach(line::addSubcommand);
        // The first word that is no option begins a command of the lab, and its options are its own.
        line.setStopAtPositional(true);
    }

    @Override
    public final Integer call() {
        throw new ConfigurationException(
                "vmm " + name + " does one of " + String.join(", ", members.keySet()) + "; say which, as in vmm " + name
                        + " " + members.keySet().iterator().next() + ".");
    }
}
