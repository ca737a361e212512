package vmm.launcher;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import vmm.guests.BuiltinGuest;
import vmm.kvm.Kvm;
import vmm.linux.HostException;

/** A running {@code vmm run} with a guest of ours, in a folder that takes every file it makes. */
final class VmmRun implements AutoCloseable {
    private static final long LIMIT_SECONDS = 60;

    private final Process process;
    private final Sink out;
    private final Sink err;

    private VmmRun(Process process) {
        this.process = process;
        this.out = new Sink(process.getInputStream());
        this.err = new Sink(process.getErrorStream());
    }

    /** Collects a stream until it ends. */
    private static final class Sink {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final Thread reader;

        Sink(InputStream stream) {
            reader = Thread.ofVirtual().start(() -> {
                try (stream) {
                    stream.transferTo(bytes);
                } catch (IOException ended) {
                    // What came is there.
                }
            });
        }

        String all() throws InterruptedException {
            reader.join();
            return soFar();
        }

        boolean ended() {
            return !reader.isAlive();
        }

        String soFar() {
            return bytes.toString(StandardCharsets.ISO_8859_1);
        }
    }

    static void needKvm() {
        try (Kvm kvm = Kvm.open()) {
            assumeTrue(kvm.apiVersion() > 0);
        } catch (HostException noKvm) {
            assumeTrue(false, noKvm.getMessage());
        }
    }

    /** The command line of {@code vmm ARGS}, for a process that keeps its temporary files in {@code folder}. */
    static List<String> command(Path folder, List<String> arguments) {
        List<String> command = new ArrayList<>(VmmProcess.command(arguments));
        command.addAll(1, List.of("-XX:-UsePerfData", "-Djava.io.tmpdir=" + folder, "-Djna.tmpdir=" + folder));
        return command;
    }

    /** The arguments that run a guest, and more. */
    static List<String> guest(Path folder, BuiltinGuest guest, String... more) {
        try {
            List<String> arguments = new ArrayList<>(
                    List.of("run", "--kernel", guest.extract(folder).toString(), "--debug-exit"));
            arguments.addAll(List.of(more));
            if (!arguments.contains("--memory")) {
                arguments.addAll(List.of("--memory", "64M"));
            }
            return arguments;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static VmmRun start(Path folder, BuiltinGuest guest, String... more) {
        return start(folder, command(folder, guest(folder, guest, more)));
    }

    static VmmRun start(Path folder, List<String> command) {
        return new VmmRun(launch(folder, command));
    }

    /** A process of which nobody reads the output. */
    static Process launch(Path folder, List<String> command) {
        // A shell that runs the tests in the background has its children ignore the interrupt.
        List<String> line = new ArrayList<>(List.of("env", "--default-signal=INT,TERM,HUP"));
        line.addAll(command);
        try {
            ProcessBuilder builder = new ProcessBuilder(line).directory(folder.toFile());
            builder.environment().remove("XDG_RUNTIME_DIR");
            return builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Every file, socket and directory below a folder. */
    static Set<String> files(Path folder) {
        try (Stream<Path> found = Files.walk(folder)) {
            return new TreeSet<>(found.map(Path::toString).toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, () -> "never: " + what);
            Thread.sleep(20);
        }
    }

    void awaitOutput(String text) throws InterruptedException {
        await(text, () -> out.soFar().contains(text) || out.ended());
        assertTrue(out.soFar().contains(text), () -> out.soFar() + err.soFar());
    }

    String outSoFar() {
        return out.soFar();
    }

    String errSoFar() {
        return err.soFar();
    }

    void type(byte[] bytes) throws IOException {
        process.getOutputStream().write(bytes);
        process.getOutputStream().flush();
    }

    void endInput() throws IOException {
        process.getOutputStream().close();
    }

    void signal(String name) throws IOException, InterruptedException {
        signal(process, name);
    }

    static void signal(Process process, String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .start()
                .waitFor();
    }

    boolean alive() {
        return process.isAlive();
    }

    long pid() {
        return process.pid();
    }

    int status() throws InterruptedException {
        return status(LIMIT_SECONDS);
    }

    int status(long seconds) throws InterruptedException {
        assertTrue(process.waitFor(seconds, TimeUnit.SECONDS), () -> "still running: " + out.soFar() + err.soFar());
        return process.exitValue();
    }

    String out() throws InterruptedException {
        status();
        return out.all();
    }

    String err() throws InterruptedException {
        status();
        return err.all();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
