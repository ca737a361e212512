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
import java.util.Map;
import java.util.Scanner;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
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
    private final FakeService service = new FakeService();
    private Duration patience = Duration.ofSeconds(60);
    private ControlSocket control;

    /** Offers to press a button, to fail, and to end. */
    private static final class FakeService implements QmpService {
        private final AtomicInteger presses = new AtomicInteger();
        private final Set<Consumer<QmpEvent>> listeners = ConcurrentHashMap.newKeySet();
        private volatile Runnable stop = () -> {};

        private final Map<String, QmpCommand> commands = Map.of(
                "press",
                arguments -> QmpAnswer.of(presses.incrementAndGet()),
                "fail",
                arguments -> {
                    throw new IllegalStateException("broken");
                },
                "refuse",
                arguments -> {
                    throw QmpException.deviceNotFound("disk");
                },
                "echo",
                QmpAnswer::of,
                "quit",
                arguments -> new QmpAnswer(Map.of(), () -> stop.run()));

        @Override
        public Object version() {
            return Map.of("package", "fake");
        }

        @Override
        public List<String> commands() {
            return List.copyOf(commands.keySet());
        }

        @Override
        public @Nullable QmpCommand find(String name) {
            return commands.get(name);
        }

        @Override
        public void listen(Consumer<QmpEvent> listener) {
            listeners.add(listener);
        }

        @Override
        public void unlisten(Consumer<QmpEvent> listener) {
            listeners.remove(listener);
        }

        void tell(QmpEvent event) {
            listeners.forEach(listener -> listener.accept(event));
        }
    }

    @BeforeEach
    void open() throws InterruptedException {
        path = folder.resolve("control");
        control = opened(ControlPath.at(path));
    }

    private ControlSocket opened(ControlPath where) throws InterruptedException {
        ControlSocket socket = ControlSocket.open(where, "fake", () -> service, patience);
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
                {"execute":"press"}
                {"execute":"qmp_capabilities","id":"one"} {"execute":"press","id":[2]}
                {"execute":"qmp_capabilities"}
                """, 5);
        assertEquals("""
                {"QMP":{"capabilities":[],"version":{"package":"fake"}}}
                {"error":{"class":"CommandNotFound","desc":"Expecting capabilities negotiation with 'qmp_capabilities'"}}
                {"id":"one","return":{}}
                {"id":[2],"return":1}
                {"error":{"class":"CommandNotFound","desc":"Capabilities negotiation is already complete, command ignored"}}
                """, heard);
    }

    @Test
    void severalClientsPressTheButtonAndOneWaitsForTheEnd() throws Exception {
        try (QmpClient waiting = QmpClient.connect(path);
                QmpClient other = QmpClient.connect(path)) {
            waiting.execute("press");
            assertEquals(2, other.execute("press").intValue());
            assertFalse(waiting.awaitEnd(Duration.ofMillis(20)));
            control.close();
            assertTrue(waiting.awaitEnd(Duration.ofSeconds(20)));
        }
    }

    @Test
    void quitIsAnsweredBeforeTheMachineStops() throws Exception {
        service.stop = control::close;
        try (QmpClient client = QmpClient.connect(path)) {
            client.execute("quit");
            assertTrue(client.awaitEnd(Duration.ofSeconds(20)));
        }
        assertTrue(Files.notExists(path));
    }

    @Test
    void whatIsToldLastIsHeardBeforeTheEnd() throws Exception {
        try (QmpClient client = QmpClient.connect(path)) {
            client.execute("press");
            service.tell(QmpEvent.of("SHUTDOWN", Map.of("guest", true)));
            control.close();
            assertTrue(client.awaitEvent(event -> event.name().equals("SHUTDOWN"), Duration.ofSeconds(20))
                    .isPresent());
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
