package vmm.machine;

import java.nio.file.Path;

/** Where a serial port leads on the host. */
public sealed interface SerialConfig {
    /** The terminal, or whatever standard input and output are. */
    record Stdio() implements SerialConfig {}

    /** A file that takes the output; there is no input. */
    record ToFile(Path file) implements SerialConfig {}

    /** A listening socket that one client at a time may use as the other end of the line. */
    record UnixSocket(Path path) implements SerialConfig {}

    /** Output is dropped; there is no input. */
    record None() implements SerialConfig {}
}
