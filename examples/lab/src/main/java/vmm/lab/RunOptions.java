package vmm.lab;

import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import vmm.lab.agent.StartRequest.TerminalSize;

/**
 * How a command is run.
 *
 * @param directory its working directory
 * @param environment the whole of its environment; the lab adds {@code VMM_LAB=1} and {@code VMM_LAB_SHARE}
 * @param stdin what it reads; read ahead of it by a thread that may outlive the command if a read waits
 * @param stdout takes its output; flushed, not closed
 * @param stderr takes its errors; flushed, not closed
 * @param timeLimit after which it is ended with SIGTERM, then SIGKILL, then the lab's own end; zero means no limit
 * @param silenceLimit after which it is ended likewise if it has printed nothing since its last output; zero means no
 *     limit
 * @param modules kernel modules to load before, each a name and its options, as {@code scsi_debug dev_size_mb=64}
 * @param rows 0, or the height of the pseudo-terminal that it gets
 * @param columns the width of that pseudo-terminal
 * @param forwardSignals whether the JVM's own end by Ctrl-C or SIGTERM interrupts the command first and waits for it
 */
public record RunOptions(
        Path directory,
        Map<String, String> environment,
        InputStream stdin,
        OutputStream stdout,
        OutputStream stderr,
        Duration timeLimit,
        Duration silenceLimit,
        List<String> modules,
        int rows,
        int columns,
        boolean forwardSignals) {
    /** This JVM's directory and environment, no input, output thrown away, no limit. */
    public static RunOptions quiet() {
        return new RunOptions(
                Path.of("").toAbsolutePath(),
                System.getenv(),
                InputStream.nullInputStream(),
                OutputStream.nullOutputStream(),
                OutputStream.nullOutputStream(),
                Duration.ZERO,
                Duration.ZERO,
                List.of(),
                0,
                0,
                false);
    }

    /** The same in another directory. */
    public RunOptions in(Path other) {
        return new RunOptions(
                other.toAbsolutePath(),
                environment,
                stdin,
                stdout,
                stderr,
                timeLimit,
                silenceLimit,
                modules,
                rows,
                columns,
                forwardSignals);
    }

    /** The same with another environment. */
    public RunOptions withEnvironment(Map<String, String> other) {
        return new RunOptions(
                directory,
                other,
                stdin,
                stdout,
                stderr,
                timeLimit,
                silenceLimit,
                modules,
                rows,
                columns,
                forwardSignals);
    }

    /** The same with other streams. */
    public RunOptions withStreams(InputStream in, OutputStream out, OutputStream err) {
        return new RunOptions(
                directory, environment, in, out, err, timeLimit, silenceLimit, modules, rows, columns, forwardSignals);
    }

    /** The same with another time limit. */
    public RunOptions withTimeLimit(Duration other) {
        return new RunOptions(
                directory,
                environment,
                stdin,
                stdout,
                stderr,
                other,
                silenceLimit,
                modules,
                rows,
                columns,
                forwardSignals);
    }

    /** The same with another limit of silence. */
    public RunOptions withSilenceLimit(Duration other) {
        return new RunOptions(
                directory,
                environment,
                stdin,
                stdout,
                stderr,
                timeLimit,
                other,
                modules,
                rows,
                columns,
                forwardSignals);
    }

    /** The same with other modules. */
    public RunOptions withModules(List<String> other) {
        return new RunOptions(
                directory,
                environment,
                stdin,
                stdout,
                stderr,
                timeLimit,
                silenceLimit,
                other,
                rows,
                columns,
                forwardSignals);
    }

    /** The same on a pseudo-terminal of this size, as a shell wants it. */
    public RunOptions onTerminal(int terminalRows, int terminalColumns) {
        return new RunOptions(
                directory,
                environment,
                stdin,
                stdout,
                stderr,
                timeLimit,
                silenceLimit,
                modules,
                terminalRows,
                terminalColumns,
                forwardSignals);
    }

    /** The same with Ctrl-C and SIGTERM passed on. */
    public RunOptions forwardingSignals() {
        return new RunOptions(
                directory, environment, stdin, stdout, stderr, timeLimit, silenceLimit, modules, rows, columns, true);
    }

    TerminalSize terminal() {
        return rows > 0 ? new TerminalSize(rows, columns) : TerminalSize.NONE;
    }
}
