package vmm.monitor;

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
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A client that says whatever a test wants, correct or not. */
final class QmpPeer implements AutoCloseable {
    private static final JsonMapper MAPPER = JsonMapper.shared();
    private static final long ATTEMPTS = 200;
    private static final long MILLIS = 50;

    private final SocketChannel channel;
    private final BlockingQueue<JsonNode> answers = new ArrayBlockingQueue<>(1000);
    private final List<JsonNode> events = new CopyOnWriteArrayList<>();
    private final Thread reader;

    private QmpPeer(SocketChannel channel) {
        this.channel = channel;
        reader = Thread.ofPlatform().daemon().start(this::read);
    }

    /** Waits until somebody listens there. The greeting is the first answer. */
    static QmpPeer connect(Path socket) throws IOException, InterruptedException {
        for (int attempt = 1; ; attempt++) {
            SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                channel.connect(UnixDomainSocketAddress.of(socket));
                return new QmpPeer(channel);
            } catch (IOException notYet) {
                channel.close();
                if (attempt == ATTEMPTS) {
                    throw notYet;
                }
                TimeUnit.MILLISECONDS.sleep(MILLIS);
            }
        }
    }

    private void read() {
        try (BufferedReader lines = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                JsonNode message = MAPPER.readTree(line);
                if (message.has("event")) {
                    events.add(message);
                } else {
                    answers.add(message);
                }
            }
        } catch (IOException closed) {
            // That is an end, too.
        }
    }

    void send(String line) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    JsonNode answer() throws InterruptedException {
        JsonNode answer = answers.poll(20, TimeUnit.SECONDS);
        if (answer == null) {
            throw new AssertionError("There is no answer.");
        }
        return answer;
    }

    /** Says a line, and returns what it leads to: the answer first, or the first of several. */
    JsonNode ask(String line) throws IOException, InterruptedException {
        send(line);
        return answer();
    }

    /** Waits for an event, which stays. */
    void awaitEvent(String name) throws InterruptedException {
        for (int attempt = 1;
                events.stream()
                        .noneMatch(event -> name.equals(event.path("event").stringValue("")));
                attempt++) {
            if (attempt == ATTEMPTS) {
                throw new AssertionError("There is no " + name + ".");
            }
            TimeUnit.MILLISECONDS.sleep(MILLIS);
        }
    }

    /** The events since the last call. */
    List<JsonNode> takeEvents() {
        List<JsonNode> taken = new ArrayList<>(events);
        events.subList(0, taken.size()).clear();
        return taken;
    }

    /** False if the other side has not hung up within some seconds. */
    boolean awaitEnd() throws InterruptedException {
        return reader.join(Duration.ofSeconds(20));
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
