package vmm.launcher;

import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import vmm.control.QmpClient;
import vmm.monitor.RemoteMachine;

/** {@code vmm change}: puts another disc into a running machine's CD-ROM drive. */
@Command(
        name = "change",
        description = "Puts another disc into a running machine's CD-ROM drive; the guest sees that it has changed.",
        footer = {
            "",
            "A guest that uses the disc keeps the tray closed; it is asked to open it, and some do.",
            "",
            "Example:",
            "  vmm change web cd second.iso",
            "",
            "Exit status: 0 the disc is in, 1 the machine refused, 2 wrong usage."
        })
final class ChangeCommand extends ControlCommand {
    @Parameters(index = "1", paramLabel = "ID", description = "The drive's id.")
    private String id = "";

    @Parameters(index = "2", paramLabel = "FILE", description = "The disc's image, or nbd://HOST/EXPORT.")
    private String image = "";

    @Option(names = "--force", description = "Opens the tray even if the guest keeps it closed.")
    private boolean force;

    ChangeCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() throws IOException {
        try (QmpClient client = connect()) {
            new RemoteMachine(client).change(id, image, force);
        }
        console().out().println(id + " of " + name() + " has " + image + ".");
        return 0;
    }
}
