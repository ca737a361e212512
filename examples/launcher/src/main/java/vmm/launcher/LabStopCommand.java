package vmm.launcher;

import picocli.CommandLine.Command;
import vmm.lab.Lab;
import vmm.lab.LabConfig;

/** {@code vmm lab stop}. */
@Command(
        name = "stop",
        description = "Switches the lab off, with whatever runs in it.",
        footer = {"", "Example:", "  vmm lab stop"})
final class LabStopCommand extends Subcommand {
    LabStopCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() {
        boolean ran = Lab.stop(LabConfig.ofEnvironment(), console()::step);
        console().out().println(ran ? "The lab is off." : "The lab was not up.");
        return 0;
    }
}
