package vmm.control;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MappingIterator;
import tools.jackson.databind.json.JsonMapper;
import vmm.linux.HostException;

/** The other side of a control socket: commands one after the other, and the events that come meanwhile. One thread. */
public final class QmpClient implements AutoCloseable {
    private static final JsonMapper MAPPER = JsonMapper.shared();

    private static final String NO_QMP = "What listens there does not speak QMP.";

    /** More than a machine says while nobody looks; the oldest go first. */
    private static final int MOST_EVENTS = 10_000;

    private final SocketChannel channel;

    /** Guarded by this. */
    private final Queue<JsonNode> answers = new ArrayDeque<>();

    /** Guarded by this. */
    private final ArrayDeque<Event> events = new ArrayDeque<>();

    /** Guarded by this. */
    private boolean ended;

    /** What the other side said instead of QMP. Guarded by this. */
    private @Nullable JacksonException garbled;

    /**
     * Something that happened.
     *
     * @param name in capitals, as QMP has it
     * @param data what it says, perhaps nothing
     * @param nanos when it came, by {@link System#nanoTime}
     */
    public record Event(String name, JsonNode data, long nanos) {}

    private QmpClient(SocketChannel channel) {
        this.channel = channel;
    }

    /**
     * Connects to a machine.
     *
     * @throws IOException if no machine listens there
     * @throws HostException if something else does
     */
    public static QmpClient connect(Path socket) throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.connect(UnixDomainSocketAddress.of(socket));
            QmpClient client = new QmpClient(channel);
            Thread.ofPlatform().name("qmp-client").daemon().start(client::listen);
            if (!client.answer().has("QMP")) {
                throw new HostException(NO_QMP);
            }
            client.execute("qmp_capabilities");
            return client;
        } catch (IOException | RuntimeException failure) {
            channel.close();
            throw failure;
        }
    }

    private void listen() {
        try (MappingIterator<JsonNode> messages = MAPPER.readerFor(JsonNode.class)
                .without(StreamReadFeature.AUTO_CLOSE_SOURCE)
                .readValues(Channels.newInputStream(channel))) {
            while (messages.hasNextValue()) {
                received(messages.nextValue());
            }
            end(null);
        } catch (JacksonException noJson) {
            // A socket that was closed is told of by such an exception, too.
            end(noJson.getCause() instanceof IOException ? null : noJson);
        }
    }

    private synchronized void received(JsonNode message) {
        if (!message.has("event")) {
            answers.add(message);
        } else {
            if (events.size() == MOST_EVENTS) {
                events.removeFirst();
            }
            events.add(new Event(message.path("event").stringValue(""), message.path("data"), System.nanoTime()));
        }
        notifyAll();
    }

    private synchronized void end(@Nullable JacksonException why) {
        garbled = why;
        ended = true;
        notifyAll();
    }

    /**
     * Has the machine do something.
     *
     * @return the command's result
     * @throws IOException if the machine has ended
     * @throws HostException if it refuses
     */
    public JsonNode execute(String command) throws IOException {
        return execute(command, Map.of());
    }

    /**
     * Has the machine do something.
     *
     * @param arguments by their names, as Jackson writes them
     * @return the command's result
     * @throws IOException if the machine has ended
     * @throws HostException if it refuses; then it says why
     */
    public JsonNode execute(String command, Map<String, ?> arguments) throws IOException {
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("execute", command);
        if (!arguments.isEmpty()) {
            message.put("arguments", arguments);
        }
        ByteBuffer line = ByteBuffer.wrap((MAPPER.writeValueAsString(message) + "\n").getBytes(StandardCharsets.UTF_8));
        while (line.hasRemaining()) {
            channel.write(line);
        }
        JsonNode answer = answer();
        if (answer.has("error")) {
            throw new HostException("The machine refuses " + command + ": "
                    + answer.path("error").path("desc").stringValue("it does not say why") + ".");
        }
        return answer.path("return");
    }

    private synchronized JsonNode answer() throws IOException {
        boolean interrupted = false;
        while (answers.isEmpty() && !ended) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        JsonNode answer = answers.poll();
        if (answer != null) {
            return answer;
        }
        if (garbled != null) {
            throw new HostException(NO_QMP, garbled);
        }
        throw new IOException("the machine has hung up");
    }

    /**
     * Waits for something to happen, or takes what happened already. Whatever came before it is forgotten.
     *
     * @return nothing if it has not happened within that time, or the machine has ended
     */
    public synchronized Optional<Event> awaitEvent(Predicate<Event> wanted, Duration time) throws InterruptedException {
        long deadline = System.nanoTime() + time.toNanos();
        while (true) {
            for (Event event = events.poll(); event != null; event = events.poll()) {
                if (wanted.test(event)) {
                    return Optional.of(event);
                }
            }
            long left = deadline - System.nanoTime();
            if (ended || left <= 0) {
                return Optional.empty();
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }

    /**
     * Waits until the machine has ended.
     *
     * @return false if it has not within that time
     */
    public synchronized boolean awaitEnd(Duration time) throws InterruptedException {
        long deadline = System.nanoTime() + time.toNanos();
        for (long left = time.toNanos(); !ended && left > 0; left = deadline - System.nanoTime()) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
        return ended;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
