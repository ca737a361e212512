package vmm.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What the host can give to one machine.
 *
 * @param memoryBytes the host's RAM in bytes
 */
public record HostLimits(long memoryBytes) {
    private static final String TOTAL = "MemTotal:";

    /** The limits of this host; where the kernel does not tell, there is none. */
    public static HostLimits ofThisHost() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
                if (line.startsWith(TOTAL)) {
                    String kibibytes = line.substring(TOTAL.length(), line.lastIndexOf(' '))
                            .strip();
                    return new HostLimits(Long.parseLong(kibibytes) << 10);
                }
            }
        } catch (IOException | NumberFormatException | StringIndexOutOfBoundsException unknown) {
            return new HostLimits(Long.MAX_VALUE);
        }
        return new HostLimits(Long.MAX_VALUE);
    }
}
