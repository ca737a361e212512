package vmm.lab;

import java.io.Closeable;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.FileLock;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import vmm.lab.agent.Frame;
import vmm.lab.agent.FrameType;
import vmm.lab.agent.Link;
import vmm.lab.agent.StartRequest;

/**
 * This JVM's connection to a lab's agent. A reader thread gives frames to their commands without ever waiting for one;
 * a second thread asks for a sign of life, and closes the connection if there is none for too long.
 */
final class LabSession implements Closeable {
    private static final long HEARTBEAT_MS = 3_000;

    private final Link link;
    private final @Nullable FileLock port;
    private final int id = new SecureRandom().nextInt();
    private final long patienceNanos;
    private final Map<Integer, LabCommand> commands = new ConcurrentHashMap<>();
    private final AtomicInteger lastChannel = new AtomicInteger();
    private volatile long lastHeard = System.nanoTime();
    private volatile boolean closed;
    private volatile boolean unresponsive;

    private LabSession(Link link, @Nullable FileLock port, Duration patience) {
        this.link = link;
        this.port = port;
        this.patienceNanos = patience.toNanos();
    }

    /**
     * Connects to a socket and waits until the agent answers.
     *
     * @param port the lock that says that this socket is ours; released with the session
     * @param bootLimit how long the agent may take to answer at first
     * @param patience how long it may be silent later
     * @throws IOException if the emulator is gone, or the agent does not answer in time, or is of another version
     */
    static LabSession connect(Path socket, FileLock port, Duration bootLimit, Duration patience) throws IOException {
        SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
        return open(new Link(channel), port, bootLimit, patience);
    }

    static LabSession open(Link link, @Nullable FileLock port, Duration bootLimit, Duration patience)
            throws IOException {
        LabSession session = new LabSession(link, port, patience);
        Thread timer = Thread.ofVirtual().start(() -> session.giveUpAfter(bootLimit));
        try {
            link.open(session.id);
            @Nullable Frame welcome = link.hunt(FrameType.WELCOME, session.id);
            if (welcome == null) {
                throw new IOException("the lab went away");
            }
            if (welcome.intAt(0) != Link.PROTOCOL_VERSION) {
                throw new IOException("the running lab was started by another version; stop it with `vmm lab stop`");
            }
        } catch (IOException e) {
            session.close();
            throw e;
        } finally {
            timer.interrupt();
        }
        session.lastHeard = System.nanoTime();
        Thread.ofPlatform().daemon().name("lab-reader").start(session::read);
        Thread.ofPlatform().daemon().name("lab-heartbeat").start(session::beat);
        return session;
    }

    private void giveUpAfter(Duration patience) {
        try {
            Thread.sleep(patience);
            unresponsive = true;
            close();
        } catch (InterruptedException e) {
            // It answered.
            return;
        }
    }

    private void read() {
        try {
            for (Frame frame = link.receive(); frame != null; frame = link.receive()) {
                lastHeard = System.nanoTime();
                @Nullable LabCommand command = commands.get(frame.channel());
                if (command != null && command.take(frame)) {
                    commands.remove(frame.channel());
                }
            }
        } catch (IOException e) {
            // As the end of the connection, below.
            closed = true;
        } finally {
            close();
        }
    }

    private void beat() {
        try {
            while (!closed) {
                if (System.nanoTime() - lastHeard > patienceNanos) {
                    unresponsive = true;
                    close();
                    return;
                }
                // On a thread of its own, for a send waits while L1 takes nothing.
                Thread.ofVirtual().start(this::ping);
                Thread.sleep(HEARTBEAT_MS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void ping() {
        try {
            send(FrameType.PING, 0, new byte[0], 0);
        } catch (IOException e) {
            close();
        }
    }

    /** Starts a command, whose streams flow from now on. */
    LabCommand start(StartRequest request, RunOptions options) throws IOException {
        byte[] payload = request.encode();
        int channel = lastChannel.incrementAndGet();
        LabCommand command = new LabCommand(this, channel, options);
        commands.put(channel, command);
        if (closed) {
            command.lost();
        }
        send(FrameType.START, channel, payload, payload.length);
        command.startInput();
        return command;
    }

    void send(FrameType type, int channel, byte[] payload, int length) throws IOException {
        link.send(id, type, channel, payload, 0, length);
    }

    boolean isOpen() {
        return !closed;
    }

    /** Whether the connection was given up because the lab gave no sign of life. */
    boolean isUnresponsive() {
        return unresponsive;
    }

    @Override
    public void close() {
        closed = true;
        try {
            link.close();
            if (port != null) {
                port.acquiredBy().close();
            }
        } catch (IOException e) {
            // Nothing more can be done about a descriptor that does not close.
            return;
        } finally {
            commands.values().forEach(LabCommand::lost);
        }
    }
}
