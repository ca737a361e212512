package vmm.block.nbd;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A server that somebody else wrote, in a process of its own, on a local socket. */
final class NbdServer implements AutoCloseable {
    private final Path socket;
    private final int port;
    private final List<String> command;
    private final Path log;
    private Process process;

    private NbdServer(Path folder, List<String> command, Path socket) throws Exception {
        this(folder, command, socket, 0);
    }

    private NbdServer(Path folder, List<String> command, Path socket, int port) throws Exception {
        this.socket = socket;
        this.port = port;
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

    /** nbdkit on all addresses of this machine, and a port that was free. */
    static NbdServer nbdkitByTcp(Path folder, String... options) throws Exception {
        assumeInstalled("nbdkit", "nbdkit");
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        List<String> command = new ArrayList<>(List.of("nbdkit", "-f", "-p", Integer.toString(port)));
        command.addAll(List.of(options));
        return new NbdServer(folder, command, folder.resolve("none"), port);
    }

    int port() {
        return port;
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
        try {
            if (port != 0) {
                String listening = String.format(":%04X 00000000000000000000000000000000:0000 0A", port);
                return Files.readString(Path.of("/proc/net/tcp6")).contains(listening);
            }
            // Num, RefCount, Protocol, Flags, of which one says that it listens, and more; then the path.
            return Files.readAllLines(Path.of("/proc/net/unix")).stream()
                    .anyMatch(line -> line.endsWith(" " + socket) && line.contains(" 00010000 "));
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

    /** Waits for the server to end without having been asked to. */
    void awaitEnd() {
        process.onExit().orTimeout(10, TimeUnit.SECONDS).join();
    }

    /** Lets the server end by itself, with everything written. */
    @Override
    public void close() {
        process.destroy();
        process.onExit().orTimeout(10, TimeUnit.SECONDS).join();
    }
}
