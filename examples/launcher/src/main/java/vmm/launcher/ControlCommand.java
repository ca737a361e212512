package vmm.launcher;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import vmm.control.ControlPath;
import vmm.control.QmpClient;
import vmm.linux.HostException;

/** A command that has a running machine do something. */
abstract class ControlCommand extends Subcommand {
    @Parameters(index = "0", paramLabel = "NAME", description = "The machine's name.")
    private String name = "";

    @Option(
            names = "--control",
            paramLabel = "PATH",
            order = 90,
            description = "The machine's control socket, if it was started with --control.")
    private @Nullable Path control;

    ControlCommand(Console console) {
        super(console);
    }

    /** What the user calls the machine. */
    final String name() {
        return name;
    }

    /**
     * Talks with the machine.
     *
     * @throws HostException if it does not run
     */
    final QmpClient connect() {
        Path socket = control == null ? ControlPath.of(name).socket() : control;
        try {
            return QmpClient.connect(socket);
        } catch (IOException noSuch) {
            List<String> running = control == null ? ControlPath.running() : List.of();
            String others = running.isEmpty()
                    ? control == null ? "none of yours is" : "nothing listens on " + socket
                    : "those that are: " + String.join(", ", running);
            throw new HostException("No machine " + name + " is running; " + others + ".", noSuch);
        }
    }
}
