package vmm.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Scanner;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import vmm.linux.HostException;

@Timeout(30)
class ControlSocketTest {
    @TempDir
    private Path folder;

    private Path path;
    private final FakeMachine machine = new FakeMachine();
    private ControlSocket control;

    private static final class FakeMachine implements Controlled {
        private volatile String state = "running";
        private final AtomicInteger presses = new AtomicInteger();
        private volatile Runnable stop = () -> {};

        @Override
        public String name() {
            return "fake";
        }

        @Override
        public String state() {
            return state;
        }

        @Override
        public void pressPowerButton() {
            presses.incrementAndGet();
        }

        @Override
        public void stop() {
            stop.run();
        }
    }

    @BeforeEach
    void open() throws InterruptedException {
        path = folder.resolve("control");
        control = opened(ControlPath.at(path));
    }

    private ControlSocket opened(ControlPath where) throws InterruptedException {
        ControlSocket socket = ControlSocket.open(where, machine);
        socket.awaitReady();
        return socket;
    }

    @AfterEach
    void close() {
        control.close();
    }

    /** Sends these bytes, and returns the lines that come until the machine hangs up or so many have come. */
    private String talk(String words, int lines) throws IOException {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(path));
            channel.write(ByteBuffer.wrap(words.getBytes(StandardCharsets.UTF_8)));
            Scanner scanner = new Scanner(Channels.newInputStream(channel), StandardCharsets.UTF_8);
            StringBuilder heard = new StringBuilder();
            for (int line = 0; line < lines && scanner.hasNextLine(); line++) {
                heard.append(scanner.nextLine()).append('\n');
            }
            return heard.toString();
        }
    }

    @Test
    void aClientIsGreetedAndHasToNegotiateFirst() throws Exception {
        String heard = talk("""
                {"execute":"query-status"}
                {"execute":"qmp_capabilities","id":"one"} {"execute":"query-status","id":[2]}
                """, 4);
        List<String> lines = heard.lines().toList();
        assertTrue(lines.get(0).startsWith("{\"QMP\":{"), heard);
        assertTrue(lines.get(1).contains("\"class\":\"CommandNotFound\""), heard);
        assertEquals("{\"return\":{},\"id\":\"one\"}", lines.get(2));
        assertTrue(lines.get(3).contains("\"running\":true") && lines.get(3).contains("\"id\":[2]"), heard);
    }

    @Test
    void whatIsNoCommandIsRefusedAndWhatIsNoJsonEndsTheTalk() throws Exception {
        String heard = talk("{\"execute\":\"qmp_capabilities\"}{\"execute\":\"fly\"}{\"fly\":1}[]{oops}\n", 10);
        List<String> lines = heard.lines().toList();
        assertEquals(6, lines.size(), heard);
        assertTrue(lines.get(2).contains("The command fly has not been found"), heard);
        assertTrue(lines.get(3).contains("lacks member 'execute'"), heard);
        assertTrue(lines.get(4).contains("lacks member 'execute'"), heard);
        assertTrue(lines.get(5).contains("Invalid JSON syntax"), heard);
    }

    @Test
    void severalClientsPressTheButtonAndOneWaitsForTheEnd() throws Exception {
        try (QmpClient waiting = QmpClient.connect(path);
                QmpClient other = QmpClient.connect(path)) {
            waiting.execute("system_powerdown");
            other.execute("system_powerdown");
            assertEquals(2, machine.presses.get());
            machine.state = "io-error";
            assertEquals(
                    "io-error", other.execute("query-status").path("status").stringValue());
            assertFalse(waiting.awaitEnd(Duration.ofMillis(20)));
            assertEquals("fake", waiting.execute("query-name").path("name").stringValue());
            control.close();
            assertTrue(waiting.awaitEnd(Duration.ofSeconds(20)));
        }
    }

    @Test
    void quitIsAnsweredBeforeTheMachineStops() throws Exception {
        machine.stop = control::close;
        try (QmpClient client = QmpClient.connect(path)) {
            client.execute("quit");
            assertTrue(client.awaitEnd(Duration.ofSeconds(20)));
        }
        assertTrue(Files.notExists(path));
    }

    @Test
    void everyListedCommandIsThere() throws Exception {
        try (QmpClient client = QmpClient.connect(path)) {
            client.execute("query-commands")
                    .forEach(command ->
                            assertTrue(runs(client, command.path("name").stringValue()), command::toString));
        }
    }

    private static boolean runs(QmpClient client, String command) {
        try {
            client.execute(command);
            return true;
        } catch (HostException | IOException refused) {
            return false;
        }
    }

    @Test
    void theSocketIsItsOwnersAlone() throws Exception {
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
    }

    @Test
    void aSocketInUseIsNotTakenAndAnAbandonedOneIs() throws Exception {
        ControlPath same = ControlPath.at(path);
        String sentence = refused(() -> opened(same));
        assertTrue(sentence.contains(path.toString()), sentence);
        ControlPath left = ControlPath.at(folder.resolve("left"));
        try (ServerSocketChannel killed = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            killed.bind(UnixDomainSocketAddress.of(left.socket()));
        }
        assertTrue(Files.exists(left.socket()));
        opened(left).close();
        assertTrue(Files.notExists(left.socket()));
    }

    @Test
    void aSocketThatCannotBeIsASentence() {
        ControlPath nowhere = ControlPath.at(folder.resolve("missing").resolve("control"));
        String sentence = refused(() -> opened(nowhere));
        assertTrue(sentence.contains("--control none"), sentence);
    }

    @Test
    void whatIsNoMachineIsASentence() throws Exception {
        Path other = folder.resolve("other");
        try (UnixListener listener = UnixListener.open(other)) {
            Thread clerk = Thread.ofVirtual().start(() -> {
                try (SocketChannel client = listener.accept()) {
                    client.write(ByteBuffer.wrap("220 hello\n".getBytes(StandardCharsets.US_ASCII)));
                } catch (IOException ignored) {
                    // The test says so.
                }
            });
            String sentence = refused(() -> QmpClient.connect(other));
            assertTrue(sentence.contains("does not speak QMP"), sentence);
            clerk.join();
        }
    }

    private static String refused(Executable action) {
        return String.valueOf(assertThrows(HostException.class, action).getMessage());
    }
}
