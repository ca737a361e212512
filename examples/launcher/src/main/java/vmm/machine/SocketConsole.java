package vmm.machine;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.linux.HostException;
import vmm.platform.Uart16550;

/**
 * The console on a listening unix socket, for its owner only. One client at a time has the line; what the guest sends
 * while there is none is lost, as on a serial cable that nobody holds.
 */
final class SocketConsole implements Console {
    private static final Logger log = LoggerFactory.getLogger(SocketConsole.class);

    private final Path path;
    private final ServerSocketChannel server;

    private final InputPump pump = new InputPump();
    private volatile @Nullable SocketChannel client;

    private SocketConsole(Path path, ServerSocketChannel server) {
        this.path = path;
        this.server = server;
    }

    static SocketConsole open(Path path) {
        if (Files.exists(path)) {
            throw new HostException("The console socket " + path + " exists already: another VM may be using it; remove"
                    + " it if not, or name another.");
        }
        try {
            ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            listen(server, path);
            SocketConsole console = new SocketConsole(path, server);
            Thread.ofPlatform().name("console-socket").daemon(true).start(console::serve);
            return console;
        } catch (IOException e) {
            throw new HostException(
                    "Cannot listen on the console socket " + path + " (" + e.getMessage()
                            + "): name a short path in a directory that exists and that you may write to.",
                    e);
        }
    }

    /** Gives the socket its name last: whoever finds it can connect, and only its owner ever could. */
    private static void listen(ServerSocketChannel server, Path path) throws IOException {
        Path unready = path.resolveSibling(
                path.getFileName() + "." + ProcessHandle.current().pid());
        try {
            server.bind(UnixDomainSocketAddress.of(unready), 1);
            Files.setPosixFilePermissions(unready, PosixFilePermissions.fromString("rw-------"));
            Files.createLink(path, unready);
        } catch (IOException e) {
            server.close();
            throw e;
        } finally {
            Files.deleteIfExists(unready);
        }
    }

    private void serve() {
        try {
            while (true) {
                try (SocketChannel next = server.accept()) {
                    client = next;
                    carry(next);
                } finally {
                    client = null;
                }
            }
        } catch (IOException | InterruptedException closed) {
            log.debug("The console socket {} is closed.", path);
        }
    }

    private void carry(SocketChannel line) throws InterruptedException {
        try {
            pump.carry(Channels.newInputStream(line));
        } catch (IOException gone) {
            log.debug("The client of {} has gone.", path);
        }
    }

    @Override
    public void write(byte[] data, int length) {
        SocketChannel line = client;
        if (line == null) {
            return;
        }
        try {
            for (ByteBuffer buffer = ByteBuffer.wrap(data, 0, length); buffer.hasRemaining(); ) {
                line.write(buffer);
            }
        } catch (IOException gone) {
            log.debug("The client of {} has gone.", path);
        }
    }

    @Override
    public void connect(Uart16550 uart) {
        pump.connect(uart);
    }

    @Override
    public void hangUp() {
        try {
            server.close();
            SocketChannel line = client;
            if (line != null) {
                line.close();
            }
        } catch (IOException e) {
            log.debug("The console socket {} did not close: {}.", path, e.getMessage());
        }
    }

    @Override
    public void close() {
        hangUp();
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            log.warn("The console socket {} is left behind: {}.", path, e.getMessage());
        }
    }
}
