package vmm.launcher;

import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import vmm.lab.Lab;
import vmm.lab.LabConfig;
import vmm.lab.LabStatus;

/** {@code vmm lab status}. */
@Command(
        name = "status",
        description = "Tells whether the lab is up.",
        footer = {"", "Example:", "  vmm lab status --json"})
final class LabStatusCommand extends Subcommand {
    @Option(names = "--json", description = "Tells it as JSON.")
    private boolean json;

    LabStatusCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() {
        LabStatus status = Lab.status(LabConfig.ofEnvironment());
        if (json) {
            Map<String, Object> tree = new LinkedHashMap<>();
            tree.put("running", status.running());
            tree.put("pid", status.pid());
            tree.put("upSeconds", status.up().toSeconds());
            tree.put("clients", status.clients());
            tree.put("directory", status.directory().toString());
            tree.put("share", status.share().toString());
            console().out().println(Json.write(tree));
        } else if (status.running()) {
            console()
                    .out()
                    .println("The lab has been up for " + status.up().toSeconds() + " s (process " + status.pid() + ", "
                            + status.clients() + " connections); commands may write to " + status.share() + ".");
        } else {
            console().out().println("The lab is not up.");
        }
        return 0;
    }
}
