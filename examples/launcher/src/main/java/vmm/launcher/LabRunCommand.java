package vmm.launcher;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import vmm.lab.Lab;
import vmm.lab.LabConfig;
import vmm.lab.RunOptions;

/** {@code vmm lab run}. */
@Command(
        name = "run",
        description = "Runs a command in the lab, with its input, output, exit status and Ctrl-C passed through.",
        footer = {"", "Example:", "  vmm lab run --module scsi_debug -- lsscsi"})
final class LabRunCommand extends Subcommand {
    @Option(names = "--module", paramLabel = "NAME", description = "A kernel module to load first; any number of them.")
    private List<String> modules = new ArrayList<>();

    @Parameters(arity = "1..*", paramLabel = "COMMAND", description = "What to run; -- goes before it.")
    private List<String> command = new ArrayList<>();

    LabRunCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() {
        try (Lab lab = Lab.start(LabConfig.ofEnvironment(), console()::step)) {
            return lab.run(
                    command,
                    RunOptions.quiet()
                            .withStreams(
                                    new FileInputStream(FileDescriptor.in),
                                    console().out(),
                                    console().err())
                            .withModules(modules)
                            .forwardingSignals());
        }
    }
}
