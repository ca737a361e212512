package vmm.launcher;

import java.io.IOException;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import vmm.control.QmpClient;
import vmm.linux.HostException;
import vmm.machine.ConfigurationException;
import vmm.machine.RunState;

/** {@code vmm stop}: presses a machine's power button and waits until it is off. */
@Command(
        name = "stop",
        description = "Asks a machine's guest to shut down, by the power button, and waits until it has.",
        footer = {
            "",
            "A guest that does not look at its power button, as firmware and a kernel that just starts do not, stays as"
                    + " it is; with --force the machine ends at once, as if its plug was pulled.",
            "",
            "Examples:",
            "  vmm stop web",
            "  vmm stop web --timeout 300",
            "  vmm stop web --force",
            "",
            "Exit status: 0 the machine is off, 1 it is not."
        })
final class StopCommand extends ControlCommand {
    private static final int STEP_SECONDS = 10;
    private static final int MAX_SECONDS = 1_000_000;

    /** How long a machine takes to flush its disks, at most. */
    private static final int FORCED_SECONDS = 60;

    @Option(names = "--force", description = "Ends it at once; its guest is not asked.")
    private boolean force;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "60",
            description = "How long to wait for the guest (60 if left out).")
    private int timeout = 60;

    StopCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (timeout < 1 || timeout > MAX_SECONDS) {
            throw new ConfigurationException(
                    "--timeout takes 1 to " + MAX_SECONDS + " seconds, not " + timeout + "; --force does not wait.");
        }
        try (QmpClient machine = connect()) {
            return force ? force(machine) : shutDown(machine);
        }
    }

    private int force(QmpClient machine) throws IOException, InterruptedException {
        machine.execute("quit");
        if (!machine.awaitEnd(Duration.ofSeconds(FORCED_SECONDS))) {
            throw new HostException("The machine " + name() + " still flushes its disks after " + FORCED_SECONDS
                    + " s: look at what keeps them, or kill its process.");
        }
        return stopped();
    }

    private int shutDown(QmpClient machine) throws IOException, InterruptedException {
        machine.execute("system_powerdown");
        console().step("asked " + name() + " to shut down; waiting for up to " + timeout + " s");
        for (int waited = 0; waited < timeout; ) {
            int step = Math.min(STEP_SECONDS, timeout - waited);
            if (machine.awaitEnd(Duration.ofSeconds(step))) {
                return stopped();
            }
            waited += step;
            if (waited < timeout) {
                console().step(name() + " still runs after " + waited + " s");
            }
        }
        boolean paused = RunState.IO_ERROR
                .word()
                .equals(machine.execute("query-status").path("status").stringValue(""));
        throw new HostException("The machine " + name() + " did not shut down within " + timeout + " s, since "
                + (paused ? "it is paused until its disk works again" : "its guest did not follow its power button")
                + ": wait longer with --timeout, or end it at once with vmm stop " + name() + " --force.");
    }

    private int stopped() {
        console().out().println(name() + " is off.");
        return 0;
    }
}
