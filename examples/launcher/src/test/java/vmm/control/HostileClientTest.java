package vmm.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Clients that mean no good, beside one that does: it must not notice. */
@Timeout(60)
class HostileClientTest {
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final String HELLO = "{\"execute\":\"qmp_capabilities\"}\n";

    @TempDir
    private Path folder;

    private Path path;
    private final LoudService service = new LoudService();
    private ControlSocket control;
    private QmpClient friend;

    /** Says a lot when asked, and whenever it likes. */
    private static final class LoudService implements QmpService {
        private final Set<Consumer<QmpEvent>> listeners = ConcurrentHashMap.newKeySet();

        @Override
        public Object version() {
            return Map.of();
        }

        @Override
        public List<String> commands() {
            return List.of("shout");
        }

        @Override
        public @Nullable QmpCommand find(String name) {
            return name.equals("shout") ? arguments -> QmpAnswer.of("x".repeat(100_000)) : null;
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
    void open() throws Exception {
        path = folder.resolve("control");
        control = ControlSocket.open(ControlPath.at(path), "fake", () -> service, PATIENCE);
        control.awaitReady();
        friend = QmpClient.connect(path);
    }

    @AfterEach
    void close() throws IOException {
        assertTimeoutPreemptively(Duration.ofSeconds(10), () -> control.close());
        friend.close();
    }

    private SocketChannel connect() throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(path));
        return channel;
    }

    private static void say(SocketChannel channel, String words) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(words.getBytes(StandardCharsets.ISO_8859_1));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** What is said until the other side hangs up. */
    private static List<String> listen(SocketChannel channel) {
        List<String> heard = new ArrayList<>();
        BufferedReader lines = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
        try {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                heard.add(line);
            }
        } catch (IOException hungUpOn) {
            // It has not heard all that we said.
        }
        return heard;
    }

    private void assertFriendIsServed() throws IOException {
        assertEquals(100_000, friend.execute("shout").stringValue().length());
    }

    private static void assertRefused(String why, List<String> heard) {
        assertEquals(
                "{\"error\":{\"class\":\"GenericError\",\"desc\":\"" + why + "\"}}",
                heard.getLast(),
                () -> "of " + heard.size());
    }

    @Test
    void whoTalksRubbishIsToldSoEachTimeAndHungUpOnInTheEnd() throws Exception {
        try (SocketChannel channel = connect()) {
            say(channel, HELLO);
            say(channel, "{oops} ".repeat(1000) + "\n");
            List<String> heard = listen(channel);
            assertEquals(2 + 64, heard.size());
            assertRefused("JSON parse error, key is not a string in object", heard);
        }
        assertFriendIsServed();
    }

    @Test
    void whoErrsNowAndThenIsNotHungUpOn() throws Exception {
        try (SocketChannel channel = connect()) {
            say(channel, "{oops} {} ".repeat(1000) + HELLO);
            channel.shutdownOutput();
            assertEquals("{\"return\":{}}", listen(channel).getLast());
        }
    }

    @Test
    void aHundredMegabytesOfBracketsAreReadToTheFirstThousand() throws Exception {
        try (SocketChannel channel = connect()) {
            say(channel, HELLO);
            String brackets = "[".repeat(1 << 20);
            try {
                for (int megabyte = 0; megabyte < 100; megabyte++) {
                    say(channel, brackets);
                }
            } catch (IOException hungUpOn) {
                // It does not listen to all of them.
            }
            assertRefused("JSON nesting depth limit exceeded", listen(channel));
        }
        assertFriendIsServed();
    }

    @Test
    void aMessageWithoutEndIsReadToTheFirstMegabyte() throws Exception {
        try (SocketChannel channel = connect()) {
            try {
                say(channel, "{\"execute\":\"" + "x".repeat(2 << 20));
            } catch (IOException hungUpOn) {
                // It does not listen to all of it.
            }
            assertRefused("JSON token size limit exceeded", listen(channel));
        }
        assertFriendIsServed();
    }

    @Test
    void halfAMessageIsWaitedForButNotForEver() throws Exception {
        try (SocketChannel channel = connect()) {
            say(channel, HELLO + "{\"execute\":");
            assertRefused("The rest of a message did not come within 2 s", listen(channel));
        }
        assertFriendIsServed();
    }

    @Test
    void whoSaysNothingOrAlwaysFinishesInTimeIsNotHungUpOn() throws Exception {
        try (SocketChannel channel = connect()) {
            say(channel, HELLO);
            TimeUnit.MILLISECONDS.sleep(PATIENCE.toMillis() + 100);
            for (int i = 0; i < 25; i++) {
                say(channel, (i == 0 ? "" : "fly\"}") + "{}{\"execute\":\"");
                TimeUnit.MILLISECONDS.sleep(PATIENCE.toMillis() / 20);
            }
            channel.shutdownOutput();
            assertEquals(2 + 25 + 24, listen(channel).size());
        }
    }

    @Test
    void whoDoesNotListenToEventsHoldsNobodyUpAndIsHungUpOn() throws Exception {
        try (SocketChannel deaf = connect()) {
            say(deaf, HELLO);
            while (service.listeners.size() < 2) {
                TimeUnit.MILLISECONDS.sleep(5);
            }
            Map<String, Object> data = Map.of("text", "x".repeat(1000));
            for (int i = 0; i < 20_000; i++) {
                service.tell(QmpEvent.of("NOISE", data));
                if (i % 500 == 0) {
                    assertFriendIsServed();
                }
            }
            while (service.listeners.size() > 1) {
                TimeUnit.MILLISECONDS.sleep(5);
            }
            List<String> heard = listen(deaf);
            assertTrue(heard.size() < 10_000, () -> heard.size() + " events");
        }
        assertTrue(friend.awaitEvent(event -> event.name().equals("NOISE"), Duration.ofSeconds(10))
                .isPresent());
    }

    @Test
    void whoDoesNotListenToAnswersMaySayNoMore() throws Exception {
        try (SocketChannel deaf = connect()) {
            Thread talker = Thread.ofPlatform().daemon().start(() -> {
                try {
                    say(deaf, HELLO + "{\"execute\":\"shout\"}".repeat(1_000_000));
                } catch (IOException hungUpOn) {
                    // At the end of the test.
                }
            });
            TimeUnit.MILLISECONDS.sleep(300);
            assertTrue(talker.isAlive());
            assertFriendIsServed();
            control.close();
            assertTrue(talker.join(Duration.ofSeconds(10)));
        }
    }

    @Test
    void aCrowdIsRefusedAndThoseInsideStay() throws Exception {
        List<SocketChannel> crowd = new ArrayList<>();
        try {
            for (int i = 1; i < ControlSocket.MOST_CLIENTS; i++) {
                crowd.add(connect());
            }
            try (SocketChannel late = connect()) {
                assertRefused("Too many clients are connected", listen(late));
            }
            assertFriendIsServed();
        } finally {
            for (SocketChannel channel : crowd) {
                channel.close();
            }
        }
    }
}
