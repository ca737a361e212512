package vmm.lab.agent;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** An agent on this machine, over a socket instead of a virtio-serial port. */
public final class SocketAgent implements AutoCloseable {
    private final SocketChannel client;
    private final SocketChannel server;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    /** Starts it; {@code folder} holds its socket and its pipes. */
    public SocketAgent(Path folder) throws IOException {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("socket"));
        try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(address);
            client = SocketChannel.open(address);
            server = listener.accept();
        }
        Agent agent = new Agent(folder, List.of(), () -> {}, 3600);
        Thread.ofPlatform().daemon().start(() -> {
            try {
                agent.serveConnection(new Link(server));
            } catch (IOException e) {
                // The client closed its end.
                return;
            } finally {
                ended.complete(null);
            }
        });
    }

    /** The client's end. */
    public SocketChannel client() {
        return client;
    }

    @Override
    public void close() throws IOException {
        client.close();
        ended.join();
        server.close();
    }
}
