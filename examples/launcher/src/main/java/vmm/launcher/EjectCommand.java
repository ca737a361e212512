package vmm.launcher;

import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import vmm.control.QmpClient;
import vmm.monitor.RemoteMachine;

/** {@code vmm eject}: takes the disc out of a running machine's CD-ROM drive. */
@Command(
        name = "eject",
        description = "Opens the tray of a running machine's CD-ROM drive and takes the disc out.",
        footer = {
            "",
            "A guest that uses the disc keeps the tray closed; it is asked to open it, and some do.",
            "",
            "Example:",
            "  vmm eject web cd",
            "",
            "Exit status: 0 the disc is out, 1 the machine refused, 2 wrong usage."
        })
final class EjectCommand extends ControlCommand {
    @Parameters(index = "1", paramLabel = "ID", description = "The drive's id.")
    private String id = "";

    @Option(names = "--force", description = "Opens the tray even if the guest keeps it closed.")
    private boolean force;

    EjectCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() throws IOException {
        try (QmpClient client = connect()) {
            new RemoteMachine(client).eject(id, force);
        }
        console().out().println("The disc of " + id + " in " + name() + " is out.");
        return 0;
    }
}
