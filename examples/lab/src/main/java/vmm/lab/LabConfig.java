package vmm.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import vmm.linux.HostException;

/**
 * What a lab is to be like. Two configurations with the same {@code directory} mean the same lab.
 *
 * @param directory where the running lab is found: its sockets, locks and logs; created with rights for the owner only
 * @param cache where kernels are kept; see {@link PackageCache}
 * @param share the host's folder to which commands may write, at the same path inside; all other writes are lost
 * @param vcpus L1's processors, 1 to 16
 * @param memoryMiB L1's memory, which holds what commands write as well
 * @param idle after how long without a command the lab powers itself off
 * @param unresponsive after how long without a sign of life the lab is killed
 */
public record LabConfig(
        Path directory, Path cache, Path share, int vcpus, int memoryMiB, Duration idle, Duration unresponsive) {
    private static final int PREFERRED_MEMORY_MIB = 6144;
    private static final int LEAST_MEMORY_MIB = 1024;
    private static final int MOST_VCPUS = 16;

    /** Checks the ranges. */
    public LabConfig {
        if (vcpus < 1 || vcpus > MOST_VCPUS) {
            throw new HostException("The lab can have 1 to " + MOST_VCPUS + " processors, not " + vcpus + ".");
        }
        if (memoryMiB < LEAST_MEMORY_MIB) {
            throw new HostException("The lab needs " + LEAST_MEMORY_MIB + " MiB of memory, and " + memoryMiB
                    + " MiB are given or free; free some, or ask for more.");
        }
    }

    /**
     * The lab of this user.
     *
     * <p>{@code VMM_LAB_DIR}, {@code VMM_CACHE} and {@code VMM_LAB_SHARE} name the folders; without them they are
     * {@code vmm-lab} in {@code XDG_RUNTIME_DIR} (or {@code /tmp/vmm-lab-UID}), {@code vmm} in {@code XDG_CACHE_HOME}
     * (or {@code ~/.cache}), and {@code share} in the latter. Memory is 6 GiB, or two thirds of what the host has to
     * spare.
     */
    public static LabConfig ofEnvironment() {
        Map<String, String> environment = System.getenv();
        Path cache = PackageCache.defaultFolder();
        return new LabConfig(
                directory(environment),
                cache,
                path(environment.get("VMM_LAB_SHARE"), cache.resolve("share")),
                2,
                Math.min(PREFERRED_MEMORY_MIB, availableMiB() * 2 / 3),
                Duration.ofMinutes(10),
                Duration.ofSeconds(90));
    }

    private static Path directory(Map<String, String> environment) {
        String named = environment.get("VMM_LAB_DIR");
        String runtime = environment.get("XDG_RUNTIME_DIR");
        if (named != null && !named.isEmpty()) {
            return Path.of(named).toAbsolutePath();
        }
        if (runtime != null && Files.isWritable(Path.of(runtime))) {
            return Path.of(runtime).resolve("vmm-lab");
        }
        return Path.of("/tmp/vmm-lab-" + LabDirectory.userId());
    }

    static Path path(@Nullable String named, Path otherwise) {
        return named == null || named.isEmpty() ? otherwise : Path.of(named).toAbsolutePath();
    }

    private static int availableMiB() {
        try {
            Matcher line =
                    Pattern.compile("MemAvailable:\\s+(\\d+) kB").matcher(Files.readString(Path.of("/proc/meminfo")));
            return line.find() ? (int) (Long.parseLong(line.group(1)) / 1024) : PREFERRED_MEMORY_MIB;
        } catch (IOException e) {
            return PREFERRED_MEMORY_MIB;
        }
    }

    /** The same with another folder of its own, and so another lab. */
    public LabConfig withDirectory(Path other) {
        return new LabConfig(other.toAbsolutePath(), cache, share, vcpus, memoryMiB, idle, unresponsive);
    }

    /** The same with another folder for results. */
    public LabConfig withShare(Path other) {
        return new LabConfig(directory, cache, other.toAbsolutePath(), vcpus, memoryMiB, idle, unresponsive);
    }

    /** The same with other resources. */
    public LabConfig withMachine(int otherVcpus, int otherMemoryMiB) {
        return new LabConfig(directory, cache, share, otherVcpus, otherMemoryMiB, idle, unresponsive);
    }

    /** The same with other patience. */
    public LabConfig withPatience(Duration otherIdle, Duration otherUnresponsive) {
        return new LabConfig(directory, cache, share, vcpus, memoryMiB, otherIdle, otherUnresponsive);
    }
}
