package vmm.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vmm.guests.BuiltinGuest;

/** However a running machine is stopped, it stops soon, and leaves nothing but its disks. */
@Timeout(180)
class StopRunTest {
    private static final int STOP_SECONDS = 5;
    private static final int DISK_SIZE = 64 << 10;

    @TempDir
    Path folder;

    @BeforeAll
    static void needKvm() {
        VmmRun.needKvm();
    }

    @ParameterizedTest
    @CsvSource({"INT,130", "TERM,143", "HUP,129"})
    void aSignalEndsTheMachineAndLeavesNothing(String signal, int status) throws Exception {
        Path image = Files.write(folder.resolve("image"), new byte[DISK_SIZE]);
        BuiltinGuest.ECHO.extract(folder);
        BuiltinGuest.DISKS.extract(folder);
        Set<String> before = VmmRun.files(folder);
        Path socket = folder.resolve("console");
        try (VmmRun run =
                VmmRun.start(folder, BuiltinGuest.ECHO, "--disk", "file=" + image, "--serial", "unix:" + socket)) {
            VmmRun.await("the socket", () -> Files.exists(socket) || !run.alive());
            try (SocketChannel line = SocketChannel.open(StandardProtocolFamily.UNIX)) {
                line.connect(UnixDomainSocketAddress.of(socket));
                line.write(ByteBuffer.wrap(new byte[] {'x'}));
                assertTrue(line.read(ByteBuffer.allocate(1)) > 0);
                run.signal(signal);
                assertEquals(status, run.status(STOP_SECONDS));
            }
            assertEquals("", run.err());
        }
        assertEquals(before, VmmRun.files(folder));
        try (VmmRun next = VmmRun.start(folder, BuiltinGuest.DISKS, "--disk", "file=" + image)) {
            assertEquals(BuiltinGuest.SUCCESS_STATUS, next.status(), "the image is free again");
        }
    }

    @Test
    void aReaderThatDoesNotReadKeepsNoMachineFromStopping() throws Exception {
        Process process = VmmRun.launch(folder, VmmRun.command(folder, VmmRun.guest(folder, BuiltinGuest.ECHO)));
        try {
            Thread typist = Thread.ofVirtual().start(() -> typeForever(process.getOutputStream()));
            // What the pipe of the output holds: when so much has been echoed, the next byte has to wait.
            VmmRun.await("a full pipe", () -> available(process) >= 64 << 10);
            VmmRun.signal(process, "TERM");
            assertTrue(process.waitFor(STOP_SECONDS, TimeUnit.SECONDS), "still running");
            assertEquals(143, process.exitValue());
            typist.join();
        } finally {
            process.destroyForcibly();
        }
    }

    private static int available(Process process) {
        try {
            return process.getInputStream().available();
        } catch (IOException e) {
            return Integer.MAX_VALUE;
        }
    }

    private static void typeForever(OutputStream input) {
        byte[] page = "x".repeat(4096).getBytes(StandardCharsets.US_ASCII);
        try {
            while (true) {
                input.write(page);
            }
        } catch (IOException ended) {
            // The process has gone.
        }
    }

    @Test
    void aClientOfTheSocketThatDoesNotReadKeepsNoMachineFromStopping() throws Exception {
        Path socket = folder.resolve("console");
        try (VmmRun run = VmmRun.start(folder, BuiltinGuest.ECHO, "--serial", "unix:" + socket)) {
            VmmRun.await("the socket", () -> Files.exists(socket) || !run.alive());
            try (SocketChannel line = SocketChannel.open(StandardProtocolFamily.UNIX)) {
                line.connect(UnixDomainSocketAddress.of(socket));
                line.configureBlocking(false);
                int idle = 0;
                while (idle < 20) {
                    idle = line.write(ByteBuffer.wrap(new byte[4096])) == 0 ? idle + 1 : 0;
                    if (idle > 0) {
                        Thread.sleep(50);
                    }
                }
                run.signal("TERM");
                assertEquals(143, run.status(STOP_SECONDS));
            }
            assertTrue(Files.notExists(socket));
        }
    }

    @ParameterizedTest
    @CsvSource({"the guest,33", "the interrupt key,130", "a signal,143"})
    void theTerminalIsAsItWasAfter(String end, int status) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/script")), "script of util-linux is not installed");
        StringBuilder words = new StringBuilder();
        for (String word : VmmRun.command(folder, VmmRun.guest(folder, BuiltinGuest.ECHO))) {
            words.append(" '").append(word).append('\'');
        }
        // The shell itself gets the interrupt key as well, and has to go on.
        Path shell = Files.writeString(folder.resolve("shell"), """
                trap : INT
                tty >tty
                stty -g >before
                sh -c 'echo $$ >pid; exec "$@"' sh%s
                echo $? >status
                stty -g >after
                """.formatted(words));
        Process terminal = new ProcessBuilder(
                        "env", "--default-signal=INT,TERM,HUP", "script", "-qec", "sh " + shell, "/dev/null")
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("screen").toFile())
                .start();
        try {
            VmmRun.await("the guest", () -> text("screen").contains(">") || !terminal.isAlive());
            assertNotEquals(text("before"), settings(text("tty").strip()), "the guest has the terminal");
            OutputStream keys = terminal.getOutputStream();
            switch (end) {
                case "the guest" -> keys.write('q');
                case "the interrupt key" -> keys.write(3);
                default ->
                    new ProcessBuilder("kill", text("pid").strip()).start().waitFor();
            }
            keys.flush();
            assertTrue(terminal.waitFor(30, TimeUnit.SECONDS), () -> "still running: " + text("screen"));
            assertEquals(status + "\n", text("status"), () -> text("screen"));
            assertEquals(text("before"), text("after"));
        } finally {
            terminal.destroyForcibly();
        }
    }

    @Test
    void stopPressesThePowerButtonAndWaitsUntilTheGuestIsOff() throws Exception {
        try (VmmRun run = VmmRun.start(folder, VmmRun.command(folder, buttonGuest("button")))) {
            run.awaitOutput("B");
            try (VmmRun stop = VmmRun.start(folder, VmmRun.command(folder, List.of("stop", "button")))) {
                assertEquals(0, stop.status(), stop::errSoFar);
                assertEquals("button is off.\n", stop.out());
            }
            assertEquals(0, run.status(STOP_SECONDS));
            assertEquals("BP", run.out());
            assertEquals("", run.err());
        }
        assertEquals(
                Set.of(folder.toString(), folder.resolve("power-button.elf").toString()), VmmRun.files(folder));
    }

    private List<String> buttonGuest(String name, String... more) {
        List<String> arguments = VmmRun.guest(folder, BuiltinGuest.POWER_BUTTON, more);
        arguments.add(1, name);
        return arguments;
    }

    @Test
    void aGuestThatIgnoresTheButtonIsStoppedByForceAlone() throws Exception {
        List<String> echo = VmmRun.guest(folder, BuiltinGuest.ECHO);
        echo.add(1, "deaf");
        try (VmmRun run = VmmRun.start(folder, VmmRun.command(folder, echo))) {
            run.awaitOutput(">");
            try (VmmRun twin = VmmRun.start(folder, VmmRun.command(folder, echo))) {
                assertEquals(1, twin.status());
                assertTrue(twin.err().contains("A machine deaf is running already"), twin::errSoFar);
            }
            try (VmmRun stop =
                    VmmRun.start(folder, VmmRun.command(folder, List.of("stop", "deaf", "--timeout", "1")))) {
                assertEquals(1, stop.status());
                assertTrue(stop.err().contains("within 1 s"), stop::errSoFar);
                assertTrue(stop.err().contains("vmm stop deaf --force"), stop::errSoFar);
            }
            try (VmmRun stop = VmmRun.start(folder, VmmRun.command(folder, List.of("stop", "nobody")))) {
                assertEquals(1, stop.status());
                assertEquals("vmm: No machine nobody is running; those that are: deaf.\n", stop.err());
            }
            assertTrue(run.alive());
            try (VmmRun stop = VmmRun.start(folder, VmmRun.command(folder, List.of("stop", "deaf", "--force")))) {
                assertEquals(0, stop.status(), stop::errSoFar);
            }
            assertEquals(0, run.status(STOP_SECONDS));
        }
    }

    @Test
    void whatAKilledMachineWithoutANameHasLeftIsTakenAwayByTheNext() throws Exception {
        Path machines = folder.resolve("vmm-" + System.getProperty("user.name"));
        Path left = abandoned(machines.resolve("vmm-4194305")); // Linux gives no process such a number
        Path named = abandoned(machines.resolve("named"));
        Path running =
                abandoned(machines.resolve("vmm-" + ProcessHandle.current().pid()));
        try (VmmRun run = VmmRun.start(folder, BuiltinGuest.ECHO)) {
            run.awaitOutput(">");
            VmmRun.await("a clean folder", () -> Files.notExists(left));
            assertTrue(Files.exists(named) && Files.exists(running));
            run.signal("TERM");
            assertEquals(143, run.status(STOP_SECONDS));
        }
    }

    private static Path abandoned(Path machine) throws IOException {
        Files.createDirectories(machine);
        try (ServerSocketChannel killed = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            killed.bind(UnixDomainSocketAddress.of(machine.resolve("control")));
        }
        return machine;
    }

    @Test
    void aMachineIsReachedByASocketOfItsOwnOrNotAtAll() throws Exception {
        Path control = folder.resolve("socket");
        try (VmmRun run = VmmRun.start(folder, VmmRun.command(folder, buttonGuest("own", "--control", "" + control)));
                VmmRun closed = VmmRun.start(folder, VmmRun.command(folder, buttonGuest("shy", "--control", "none")))) {
            run.awaitOutput("B");
            closed.awaitOutput("B");
            assertTrue(VmmRun.files(folder).stream().noneMatch(file -> file.contains("vmm-")));
            try (VmmRun stop = VmmRun.start(
                    folder, VmmRun.command(folder, List.of("stop", "own", "--control", control.toString())))) {
                assertEquals(0, stop.status(), stop::errSoFar);
            }
            assertEquals(0, run.status(STOP_SECONDS));
            assertTrue(closed.alive());
        }
    }

    private static String settings(String tty) throws IOException {
        Process stty = new ProcessBuilder("stty", "-g", "-F", tty).start();
        return new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    }

    private String text(String file) {
        try {
            return Files.readString(folder.resolve(file), StandardCharsets.ISO_8859_1);
        } catch (IOException notYet) {
            return "";
        }
    }
}
