package vmm.control;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;

/** A listening unix socket that only its owner can connect to. Any thread may close it. */
public final class UnixListener implements AutoCloseable {
    private final Path path;
    private final ServerSocketChannel server;

    private UnixListener(Path path, ServerSocketChannel server) {
        this.path = path;
        this.server = server;
    }

    /**
     * Listens. What a killed process has left of that name is taken away.
     *
     * @throws java.nio.file.FileAlreadyExistsException if there is a file of that name, or somebody listens there
     * @throws IOException if the socket cannot be made, for instance since its name is too long
     */
    public static UnixListener open(Path path) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        // It gets its name last: whoever finds it can connect, and only its owner ever could.
        Path unready = path.resolveSibling(
                path.getFileName() + "." + ProcessHandle.current().pid());
        try {
            removeAbandoned(path);
            server.bind(UnixDomainSocketAddress.of(unready), 0);
            Files.setPosixFilePermissions(unready, PosixFilePermissions.fromString("rw-------"));
            Files.createLink(path, unready);
            return new UnixListener(path, server);
        } catch (IOException e) {
            server.close();
            throw e;
        } finally {
            Files.deleteIfExists(unready);
        }
    }

    /** Takes away a socket of that name that nobody listens on any more; any other file stays. */
    private static void removeAbandoned(Path path) throws IOException {
        if (isAbandoned(path)) {
            Files.deleteIfExists(path);
        }
    }

    /** True if there is a socket of that name that nobody listens on any more. */
    static boolean isAbandoned(Path path) {
        if (!isSpecial(path)) {
            // The kernel refuses connections to any file.
            return false;
        }
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(path));
            return false;
        } catch (ConnectException refused) {
            return true;
        } catch (IOException other) {
            return false;
        }
    }

    private static boolean isSpecial(Path path) {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                    .isOther();
        } catch (IOException none) {
            return false;
        }
    }

    /**
     * Waits for somebody to connect.
     *
     * @throws IOException if nobody will, since it is closed
     */
    public SocketChannel accept() throws IOException {
        return server.accept();
    }

    /** Takes nobody any more; the name stays until {@link #close}. Harmless when repeated. */
    public void hangUp() throws IOException {
        server.close();
    }

    @Override
    public void close() throws IOException {
        hangUp();
        Files.deleteIfExists(path);
    }
}
