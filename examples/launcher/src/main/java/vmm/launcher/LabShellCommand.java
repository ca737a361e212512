package vmm.launcher;

import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import vmm.lab.Lab;
import vmm.lab.LabConfig;
import vmm.lab.RunOptions;
import vmm.linux.Terminal;

/** {@code vmm lab shell}. */
@Command(
        name = "shell",
        description = "Opens a shell in the lab, on this terminal.",
        footer = {"", "Example:", "  vmm lab shell"})
final class LabShellCommand extends Subcommand {
    private static final int ROWS = 24;
    private static final int COLUMNS = 80;

    LabShellCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() {
        int[] size = terminalSize();
        try (Lab lab = Lab.start(LabConfig.ofEnvironment(), console()::step)) {
            Optional<Terminal> terminal = Terminal.takeOver();
            try {
                return lab.run(
                        List.of("sh", "-i"),
                        RunOptions.quiet()
                                .withStreams(
                                        new FileInputStream(FileDescriptor.in),
                                        console().out(),
                                        console().err())
                                .onTerminal(size[0], size[1])
                                .forwardingSignals());
            } finally {
                terminal.ifPresent(Terminal::close);
            }
        }
    }

    /** Rows and columns of the terminal, as {@code stty size} tells them. */
    private static int[] terminalSize() {
        try {
            Process stty = new ProcessBuilder("stty", "size")
                    .redirectInput(ProcessBuilder.Redirect.INHERIT)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            try (BufferedReader reader =
                    new BufferedReader(new InputStreamReader(stty.getInputStream(), StandardCharsets.UTF_8))) {
                String line = reader.readLine();
                int space = line == null ? -1 : line.indexOf(' ');
                if (line != null && space > 0) {
                    return new int[] {
                        Integer.parseInt(line.substring(0, space)), Integer.parseInt(line.substring(space + 1))
                    };
                }
            }
        } catch (IOException | NumberFormatException unknown) {
            return new int[] {ROWS, COLUMNS};
        }
        return new int[] {ROWS, COLUMNS};
    }
}
