package vmm.launcher;

import java.io.IOException;
import picocli.CommandLine.Command;
import vmm.control.QmpClient;
import vmm.monitor.RemoteMachine;

/** {@code vmm reset}: has a running machine begin anew. */
@Command(
        name = "reset",
        description = "Has a running machine begin anew at once, as its reset button would; its guest is not asked.",
        footer = {
            "",
            "Disks stay as they are, and so do those that were attached.",
            "",
            "Example:",
            "  vmm reset web",
            "",
            "Exit status: 0 it was told to, 1 it does not run."
        })
final class ResetCommand extends ControlCommand {
    ResetCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() throws IOException {
        try (QmpClient client = connect()) {
            new RemoteMachine(client).reset();
        }
        console().out().println(name() + " is reset.");
        return 0;
    }
}
