package vmm.block.nbd;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A server that somebody else wrote, in a process of its own, on a local socket. */
final class NbdServer implements AutoCloseable {
    private final Path socket;
    private final List<String> command;
    private final Path log;
    private Process process;

    private NbdServer(Path folder, List<String> command, Path socket) throws Exception {
        this.socket = socket;
        this.command = command;
        this.log = folder.resolve(socket.getFileName() + ".log");
        this.process = launch();
    }

    /** qemu-nbd, which serves {@code image} until it is closed. */
    static NbdServer qemu(Path folder, Path image, String... options) throws Exception {
        assumeInstalled("qemu-nbd", "qemu-utils");
        Path socket = folder.resolve("qemu-nbd.socket");
        List<String> command = new ArrayList<>(List.of("qemu-nbd", "-t", "-k", socket.toString()));
        command.addAll(List.of(options));
        command.add(image.toString());
        return new NbdServer(folder, command, socket);
    }

    /** nbdkit with a plugin and what else it is to do. */
    static NbdServer nbdkit(Path folder, String... options) throws Exception {
        assumeInstalled("nbdkit", "nbdkit");
        Path socket = folder.resolve("nbdkit.socket");
        List<String> command = new ArrayList<>(List.of("nbdkit", "-f", "-U", socket.toString()));
        command.addAll(List.of(options));
        return new NbdServer(folder, command, socket);
    }

    /** Skips a test if {@code program} is missing. */
    static void assumeInstalled(String program, String debianPackage) {
        boolean found = Arrays.stream(System.getenv("PATH").split(File.pathSeparator, -1))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
        assumeTrue(found, program + " is not installed (package " + debianPackage + ")");
    }

    private Process launch() throws Exception {
        Process started = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!answers()) {
            if (!started.isAlive() || System.nanoTime() > end) {
                throw new IllegalStateException(command + ": " + Files.readString(log));
            }
            Thread.sleep(5);
        }
        return started;
    }

    /** True if somebody listens; without a connection, since a server may count those. */
    private boolean answers() {
        if (!Files.exists(socket)) {
            return false;
        }
        try {
            return Files.readAllLines(Path.of("/proc/net/unix")).stream().anyMatch(line -> line.endsWith(" " + socket));
        } catch (IOException e) {
            return false;
        }
    }

    String uri() {
        return uri("", "");
    }

    String uri(String export, String parameters) {
        return "nbd+unix:///" + export + "?socket=" + socket + parameters;
    }

    /** Kills the server as a failure would. */
    void kill() throws Exception {
        process.destroyForcibly().waitFor();
        Files.deleteIfExists(socket);
    }

    /** Starts it again after {@link #kill}. */
    void restart() throws Exception {
        process = launch();
    }

    /** Stops it in its tracks, or lets it go on. */
    void freeze(boolean frozen) throws Exception {
        new ProcessBuilder("kill", frozen ? "-STOP" : "-CONT", Long.toString(process.pid()))
                .start()
                .waitFor();
    }

    /** Lets the server end by itself, with everything written. */
    @Override
    public void close() {
        process.destroy();
        process.onExit().orTimeout(10, TimeUnit.SECONDS).join();
    }
}
