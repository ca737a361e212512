package vmm.block.nbd;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.block.BlockDevice;
import vmm.block.BlockOptions;
import vmm.block.BlockQueue;
import vmm.event.EventLoop;
import vmm.linux.Errno;
import vmm.linux.HostException;

/**
 * A disk that is an export of an NBD server, over TCP or a local socket.
 *
 * <p>Each worker has a connection of its own where the server can keep several consistent (NBD_FLAG_CAN_MULTI_CONN),
 * and all share one where it cannot. A server that is gone for a while is waited for; see {@link Connection}.
 *
 * <p>A flush makes stable what the server had answered. A server whose machine fails between the two loses writes, and
 * cannot be asked: with {@code cache=writethrough} every write is stable before it is answered.
 *
 * <p>A server that has been given up as silent may still do what it was asked before: on a server that wakes up after
 * the time limit, a write that was sent again may come late. The limit is generous for that reason.
 */
public final class NbdDisk implements BlockDevice {
    private static final Logger log = LoggerFactory.getLogger(NbdDisk.class);

    private static final long CONNECT_MILLIS = 10_000;
    /** For a connection beside the first, which is not worth a long wait. */
    private static final long ANOTHER_MILLIS = 3_000;

    private static final long FLUSH_MILLIS = 30_000;

    private final NbdAddress address;
    private final BlockOptions options;
    private final NbdExport export;

    private final Object lock = new Object();
    private final List<Connection> connections = new ArrayList<>();
    private @Nullable Session spare;
    private boolean oneIsAll;

    private volatile boolean changed;

    private NbdDisk(NbdAddress address, BlockOptions options, Session session) {
        this.address = address;
        this.options = options;
        this.export = session.export();
        this.spare = session;
        this.oneIsAll = !export.canMultiConn();
    }

    /** True if {@code source} is meant to be an NBD address, so that {@link #open} is to judge it. */
    public static boolean isMeantBy(String source) {
        return NbdAddress.isMeantBy(source);
    }

    /**
     * Connects to a server.
     *
     * @throws HostException if the address is none, nobody answers there, or the export is not one that a disk can be
     */
    public static NbdDisk open(BlockOptions options) {
        NbdAddress address = NbdAddress.parse(options.source());
        if (options.format() == BlockOptions.Format.QCOW2) {
            throw new HostException(
                    "Disk " + options.source() + " is used as the server exports it, byte for byte: leave"
                            + " out format=qcow2, and let the server open such an image, as with qemu-nbd -f qcow2.");
        }
        try {
            Session session = Session.open(address, CONNECT_MILLIS);
            try {
                session.export().check(options.readOnly());
            } catch (NbdException e) {
                session.close();
                throw e;
            }
            if (!options.readOnly() && !session.export().canFlush()) {
                log.warn("Disk {} cannot be flushed: its server decides when writes are safe.", options.source());
            }
            return new NbdDisk(address, options, session);
        } catch (NbdException e) {
            throw new HostException("Disk " + options.source() + " " + e.reason() + ".", e);
        }
    }

    NbdAddress address() {
        return address;
    }

    @Override
    public long size() {
        return export.size();
    }

    @Override
    public boolean readOnly() {
        return options.readOnly();
    }

    @Override
    public String name() {
        return address.uri();
    }

    @Override
    public int discardGranularity() {
        return options.unmap() && export.canTrim() ? export.preferredBlock() : 0;
    }

    boolean isAligned(long bytes) {
        return (bytes & (export.minimumBlock() - 1)) == 0;
    }

    Planner planner(NbdExport now) {
        return new Planner(now, options.cache() == BlockOptions.Cache.WRITETHROUGH, options.unmap());
    }

    /** Remembers that there is something to flush at the end. */
    void noteChange() {
        if (!changed) {
            changed = true;
        }
    }

    /** A new connection to what must still be the same export; waits. Any thread. */
    Session connect() throws NbdException {
        return connect(CONNECT_MILLIS);
    }

    private Session connect(long limitMillis) throws NbdException {
        Session session = Session.open(address, limitMillis);
        try {
            session.export().checkSameAs(export);
            return session;
        } catch (NbdException e) {
            session.close();
            throw e;
        }
    }

    @Override
    public BlockQueue openQueue(EventLoop loop) {
        return new NbdQueue(this, loop, connectionFor(loop));
    }

    /** The connection that {@code loop}'s requests go to: its own, or that of another loop which all share. */
    Connection connectionFor(EventLoop loop) {
        synchronized (lock) {
            connections.removeIf(this::hasEnded);
            for (Connection connection : connections) {
                if (connection.loop().equals(loop)) {
                    return connection;
                }
            }
            if (!connections.isEmpty() && spare == null && !oneIsAll) {
                spare = another();
                oneIsAll = spare == null;
            }
            if (!connections.isEmpty() && oneIsAll) {
                return connections.getFirst();
            }
            Connection connection = new Connection(this, loop, spare);
            spare = null;
            connections.add(connection);
            loop.post(connection::begin);
            return connection;
        }
    }

    private @Nullable Session another() {
        try {
            return connect(ANOTHER_MILLIS);
        } catch (NbdException e) {
            log.warn("Disk {} is used by one connection only, since another {}.", name(), e.reason());
            return null;
        }
    }

    /** Takes its session from a connection whose loop has ended. */
    private boolean hasEnded(Connection connection) {
        try {
            connection.loop().post(() -> {});
            return false;
        } catch (IllegalStateException e) {
            Session session = connection.detach();
            if (session != null && spare == null && !(oneIsAll && connections.size() > 1)) {
                spare = session;
            } else if (session != null) {
                session.close();
            }
            return true;
        }
    }

    /**
     * Flushes and takes leave of the server.
     *
     * @throws HostException if the last writes may not be on stable storage; it is closed then as well
     */
    @Override
    public void close() {
        List<Session> sessions = sessions();
        try {
            if (changed) {
                flush(sessions);
            }
        } catch (NbdException e) {
            throw new HostException(
                    "Disk " + name() + " could not be flushed (it " + e.reason()
                            + "): what was written last may be lost, so check the server and the image.",
                    e);
        } finally {
            sessions.forEach(Session::close);
        }
    }

    private void flush(List<Session> sessions) throws NbdException {
        int errno = flushBy(sessions);
        if (errno != 0) {
            throw new NbdException("was not flushed by the server: " + Errno.describe(errno));
        }
    }

    /** Flushes by a session that is there, or by a new one, since the server may have gone and come back unnoticed. */
    private int flushBy(List<Session> sessions) throws NbdException {
        if (!sessions.isEmpty()) {
            try {
                return sessions.getFirst().flush(FLUSH_MILLIS);
            } catch (NbdException e) {
                log.debug("Disk {} {}.", name(), e.reason());
            }
        }
        Session fresh = connect();
        sessions.add(fresh);
        return fresh.flush(FLUSH_MILLIS);
    }

    private List<Session> sessions() {
        List<Connection> ending;
        List<Session> sessions = new ArrayList<>();
        synchronized (lock) {
            ending = List.copyOf(connections);
            connections.clear();
            if (spare != null) {
                sessions.add(spare);
                spare = null;
            }
        }
        for (Connection connection : ending) {
            Session session = detach(connection);
            if (session != null) {
                sessions.add(session);
            }
        }
        return sessions;
    }

    private static @Nullable Session detach(Connection connection) {
        List<Session> detached = new ArrayList<>();
        Runnable action = () -> {
            Session session = connection.detach();
            if (session != null) {
                detached.add(session);
            }
        };
        try {
            connection.loop().call(() -> {
                action.run();
                return detached;
            });
        } catch (IllegalStateException e) {
            action.run(); // The loop has ended before.
        }
        return detached.isEmpty() ? null : detached.getFirst();
    }
}
