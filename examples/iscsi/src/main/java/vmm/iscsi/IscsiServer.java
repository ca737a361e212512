package vmm.iscsi;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.event.EventLoop;
import vmm.linux.HostException;
import vmm.scsi.ScsiTarget;

/**
 * A network portal that lets initiators in (RFC 7143 4.1). Whoever reaches it can read and write the disks, since there
 * is no authentication. Any thread may call.
 */
public final class IscsiServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(IscsiServer.class);

    /** The most connections at a time; those beyond are closed at once. */
    private static final int MOST_CONNECTIONS = 128;

    private final ServerSocket listener;
    private final IscsiTarget target;
    private final Set<Connection> connections = new HashSet<>();
    private final Thread thread;
    private boolean closed;

    /**
     * Starts to listen.
     *
     * @param address where, on a port of its own; port 0 is a free one
     * @param name the target's iSCSI name, as {@code iqn.2026-01.org.example:disk}
     * @param target its logical units
     * @param loops what sessions run on, one or more; each session stays on one of them
     * @throws HostException if the address cannot be had
     */
    public IscsiServer(InetSocketAddress address, String name, ScsiTarget target, List<EventLoop> loops) {
        this.target = new IscsiTarget(name, target, loops);
        try {
            this.listener = new ServerSocket();
            listener.setReuseAddress(true);
            listener.bind(address);
        } catch (IOException trouble) {
            throw new HostException(
                    "Cannot listen on " + address + " (" + trouble.getMessage() + "); choose another port.", trouble);
        }
        this.thread = Thread.ofPlatform().name("iscsi-accept").daemon().start(this::accept);
    }

    /** Where it listens. */
    public int port() {
        return listener.getLocalPort();
    }

    /** Where it listens. */
    public InetAddress address() {
        return listener.getInetAddress();
    }

    private void accept() {
        while (true) {
            try {
                Socket socket = listener.accept();
                if (!admit(socket)) {
                    socket.close();
                }
            } catch (IOException trouble) {
                if (listener.isClosed()) {
                    return;
                }
                log.warn("A connection was not accepted: {}", trouble.getMessage());
            }
        }
    }

    private synchronized boolean admit(Socket socket) throws IOException {
        if (closed || connections.size() >= MOST_CONNECTIONS) {
            return false;
        }
        Connection connection = new Connection(socket, target, this::ended);
        connections.add(connection);
        connection.start();
        return true;
    }

    private synchronized void ended(Connection connection) {
        connections.remove(connection);
    }

    /** Ends all connections and waits until no command is answered any more. The loops must still run. */
    @Override
    public void close() {
        List<Connection> open;
        synchronized (this) {
            closed = true;
            open = List.copyOf(connections);
        }
        try {
            listener.close();
            thread.join();
            open.forEach(Connection::abort);
            for (Connection connection : open) {
                connection.join();
            }
        } catch (IOException trouble) {
            log.warn("The portal does not close: {}", trouble.getMessage());
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }
}
