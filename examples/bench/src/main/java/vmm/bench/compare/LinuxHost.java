package vmm.bench.compare;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vmm.lab.GuestHost;
import vmm.lab.LabConfig;
import vmm.lab.RunOptions;
import vmm.linux.HostException;

/** Runs a comparison with Linux where Linux runs: a second time this program, here or in the lab. */
final class LinuxHost {
    /** Counts come from trace points, which perf looks for here. */
    private static final String MOUNT_AND_RUN = "[ -d /sys/kernel/tracing/events ]"
            + " || mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null; exec \"$@\"";

    private LinuxHost() {}

    /** Returns the exit status of {@code compare ARGUMENTS} there. */
    static int run(List<String> arguments) throws IOException {
        LabConfig config = LabConfig.ofEnvironment();
        try (GuestHost host = GuestHost.choose(config, Compare::step)) {
            if (host.place() == GuestHost.Place.NONE) {
                throw new HostException("Linux cannot run here: " + host.reason() + ".");
            }
            Path share = Files.createDirectories(config.share());
            Path folder = Files.createTempDirectory(share, "compare-");
            try {
                Guest.Linux guest = LinuxFiles.prepare(folder, Compare::step);
                List<String> command = new ArrayList<>(List.of("sh", "-c", MOUNT_AND_RUN, "sh"));
                command.addAll(thisProgram());
                command.addAll(arguments);
                command.addAll(List.of(
                        "--linux-files",
                        guest.kernel().toString(),
                        guest.disks().toString()));
                return host.run(
                        command,
                        RunOptions.quiet()
                                .withStreams(InputStream.nullInputStream(), System.out, System.err)
                                .forwardingSignals());
            } finally {
                Files.deleteIfExists(folder.resolve("initrd.gz"));
                Files.delete(folder);
            }
        }
    }

    private static List<String> thisProgram() {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED"));
        @Nullable String home = System.getProperty("vmm.home");
        if (home != null) {
            command.add("-Dvmm.home=" + home);
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Compare.class.getName()));
        return command;
    }
}
