package vmm.control;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import vmm.linux.HostException;

/** The other side of a control socket. One thread. */
public final class QmpClient implements AutoCloseable {
    private static final JsonMapper MAPPER = JsonMapper.shared();

    private final SocketChannel channel;

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
            if (!client.receive().has("QMP")) {
                throw new HostException("What listens there does not speak QMP.");
            }
            client.execute("qmp_capabilities");
            return client;
        } catch (IOException | RuntimeException failure) {
            channel.close();
            throw failure;
        }
    }

    /**
     * Has the machine do something.
     *
     * @return the command's result
     * @throws IOException if the machine has ended
     * @throws HostException if it refuses
     */
    public JsonNode execute(String command) throws IOException {
        ByteBuffer line = ByteBuffer.wrap(
                (MAPPER.writeValueAsString(Map.of("execute", command)) + "\n").getBytes(StandardCharsets.UTF_8));
        while (line.hasRemaining()) {
            channel.write(line);
        }
        JsonNode answer = receive();
        while (answer.has("event")) {
            answer = receive();
        }
        if (answer.has("error")) {
            throw new HostException("The machine refuses " + command + ": "
                    + answer.path("error").path("desc").stringValue("it does not say why") + ".");
        }
        return answer.path("return");
    }

    /** One line. */
    private JsonNode receive() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        InputStream in = Channels.newInputStream(channel);
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new IOException("the machine has hung up");
            }
            line.write(next);
        }
        try {
            return MAPPER.readTree(line.toByteArray());
        } catch (JacksonException noJson) {
            throw new HostException("What listens there does not speak QMP.", noJson);
        }
    }

    /**
     * Waits until the machine has ended.
     *
     * @return false if it has not within that time
     */
    public boolean awaitEnd(Duration time) throws IOException {
        long deadline = System.nanoTime() + time.toNanos();
        channel.configureBlocking(false);
        try (Selector selector = Selector.open()) {
            channel.register(selector, SelectionKey.OP_READ);
            for (long left = time.toMillis();
                    left > 0;
                    left = Duration.ofNanos(deadline - System.nanoTime()).toMillis()) {
                selector.select(left);
                selector.selectedKeys().clear();
                if (hasHungUp()) {
                    return true;
                }
            }
        }
        channel.configureBlocking(true);
        return false;
    }

    private boolean hasHungUp() {
        try {
            return channel.read(ByteBuffer.allocate(4096)) < 0;
        } catch (IOException killed) {
            return true;
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
