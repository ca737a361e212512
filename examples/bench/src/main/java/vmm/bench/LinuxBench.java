package vmm.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import vmm.lab.GuestHost;
import vmm.lab.LabConfig;
import vmm.lab.Progress;
import vmm.linux.HostException;

/** What the programs that boot Linux have in common. */
public final class LinuxBench {
    private LinuxBench() {}

    /** Runs a command line; what the host cannot do is told in one sentence. */
    public static int execute(CommandLine line, String[] args) {
        line.setExecutionExceptionHandler((trouble, command, result) -> {
            if (!(trouble instanceof HostException)) {
                throw trouble;
            }
            System.err.println("vmm: " + trouble.getMessage());
            return 1;
        });
        return line.execute(args);
    }

    /**
     * Where Linux runs.
     *
     * @throws HostException if it runs nowhere
     */
    public static GuestHost host(Progress progress) {
        GuestHost host = GuestHost.choose(LabConfig.ofEnvironment(), progress);
        if (host.place() == GuestHost.Place.NONE) {
            String reason = host.reason();
            host.close();
            throw new HostException("Linux cannot run here: " + reason + ".");
        }
        return host;
    }

    /** The root of the project's tree. */
    public static Path home() {
        @Nullable String home = System.getProperty("vmm.home");
        if (home == null) {
            throw new HostException("The property vmm.home is missing; start this by its script in examples/bench.");
        }
        return Path.of(home);
    }

    /** The {@code vmm} command. */
    public static String vmm() {
        return home().resolve("vmm").toString();
    }

    /** The beginning of a command line that runs a program of this kind once more, in the lab perhaps. */
    public static List<String> again(Class<?> program) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED"));
        command.add("-Dvmm.home=" + home());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
        return command;
    }

    /** A script that was built in beside {@code program}. */
    public static String script(Class<?> program, String name) throws IOException {
        try (InputStream in = program.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("The script " + name + " was not built in.");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
