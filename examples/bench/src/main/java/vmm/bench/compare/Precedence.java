package vmm.bench.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The right to the processors before other programs. Where the scheduler shares them out among sessions first
 * (sched(7), autogroup), the niceness of a process counts within its session only, so the session's is set as well.
 */
final class Precedence implements AutoCloseable {
    private static final Path GROUP = Path.of("/proc/self/autogroup");
    private static final int HIGHEST = -20;

    private final List<String> prefix;
    private final boolean groupRaised;

    private Precedence(List<String> prefix, boolean groupRaised) {
        this.prefix = prefix;
        this.groupRaised = groupRaised;
    }

    static Precedence none() {
        return new Precedence(List.of(), false);
    }

    /** Takes it until it is closed. */
    static Precedence take() throws IOException {
        boolean grouped = Files.isWritable(GROUP);
        if (grouped) {
            Files.writeString(GROUP, Integer.toString(HIGHEST));
        }
        return new Precedence(List.of("nice", "-n", Integer.toString(HIGHEST)), grouped);
    }

    /** The words to put before a command line. */
    List<String> prefix() {
        return prefix;
    }

    @Override
    public void close() throws IOException {
        if (groupRaised) {
            Files.writeString(GROUP, "0");
        }
    }
}
