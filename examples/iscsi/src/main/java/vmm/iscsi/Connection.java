package vmm.iscsi;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.Socket;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.event.EventLoop;

/**
 * A TCP connection of an initiator's: one thread reads and hands PDUs to the session's loop, another writes what the
 * session answers. An initiator that does not read its answers is not read any more.
 */
final class Connection implements Output {
    private static final Logger log = LoggerFactory.getLogger(Connection.class);

    private static final int LOGIN_MILLIS = 15_000;

    /** How many PDUs wait for the loop. */
    private static final int MOST_WAITING = 16;

    private static final int BUFFER = 64 << 10;

    /** Stands for the end in the queue of PDUs to be written. */
    private static final Pdu END = Pdu.of(Opcode.LOGOUT_RESPONSE);

    private final Socket socket;
    private final IscsiTarget target;
    private final Consumer<Connection> whenEnded;
    private final PduReader reader;
    private final PduWriter writer;
    private final LinkedBlockingQueue<Pdu> outgoing = new LinkedBlockingQueue<>();
    private final Backlog backlog = new Backlog();
    private final Semaphore room = new Semaphore(MOST_WAITING);
    private final Thread readingThread;
    private final Thread writingThread;

    /** A connection that {@link #start} will serve. */
    Connection(Socket socket, IscsiTarget target, Consumer<Connection> whenEnded) throws IOException {
        this.socket = socket;
        this.target = target;
        this.whenEnded = whenEnded;
        this.reader = new PduReader(new BufferedInputStream(socket.getInputStream(), BUFFER));
        this.writer = new PduWriter(new BufferedOutputStream(socket.getOutputStream(), BUFFER));
        String name = "iscsi-" + socket.getPort();
        this.readingThread = Thread.ofPlatform().name(name + "-in").daemon().unstarted(this::serve);
        this.writingThread = Thread.ofPlatform().name(name + "-out").daemon().unstarted(this::write);
    }

    void start() {
        readingThread.start();
    }

    private void serve() {
        try (socket) {
            socket.setTcpNoDelay(true);
            socket.setKeepAlive(true);
            socket.setSoTimeout(LOGIN_MILLIS);
            LoginPhase.Result login = new LoginPhase(reader, writer, target).run();
            if (login != null) {
                socket.setSoTimeout(0);
                reader.enterFullFeaturePhase(login.parameters().digests());
                writer.enterFullFeaturePhase(login.parameters().digests());
                serve(login);
            }
        } catch (IOException trouble) {
            // Initiators come and go; what they do wrong is theirs to know.
            log.debug("{}: {}", socket.getRemoteSocketAddress(), trouble.getMessage());
        } catch (InterruptedException end) {
            Thread.currentThread().interrupt();
        } finally {
            whenEnded.accept(this);
        }
    }

    private void serve(LoginPhase.Result login) throws IOException, InterruptedException {
        IscsiTarget.OpenSession open = target.open(login, this);
        EventLoop loop = open.loop();
        Session session = open.session();
        writingThread.start();
        try {
            for (Pdu pdu = read(); pdu != null; pdu = read()) {
                Pdu received = pdu;
                room.acquire();
                loop.post(() -> {
                    room.release();
                    session.receive(received);
                });
            }
        } finally {
            target.close(open);
            outgoing.add(END);
            writingThread.join();
        }
    }

    private @Nullable Pdu read() throws IOException, InterruptedException {
        backlog.awaitRoom();
        return reader.read();
    }

    private void write() {
        try (socket) {
            for (Pdu pdu = outgoing.take(); pdu != END; pdu = outgoing.take()) {
                writer.write(pdu);
                backlog.add(-size(pdu));
                if (outgoing.isEmpty()) {
                    writer.flush();
                }
            }
            writer.flush();
            socket.shutdownOutput();
        } catch (IOException gone) {
            log.debug("{}: {}", socket.getRemoteSocketAddress(), gone.getMessage());
        } catch (InterruptedException end) {
            Thread.currentThread().interrupt();
        } finally {
            backlog.end();
        }
    }

    private static long size(Pdu pdu) {
        return Pdu.BHS + (long) pdu.dataLength();
    }

    @Override
    public void send(Pdu pdu) {
        backlog.add(size(pdu));
        outgoing.add(pdu);
    }

    @Override
    public void finish() {
        outgoing.add(END);
    }

    @Override
    public String portal() {
        InetAddress address = socket.getLocalAddress();
        String host = address instanceof Inet6Address ? "[" + address.getHostAddress() + "]" : address.getHostAddress();
        return host + ":" + socket.getLocalPort();
    }

    /** Ends the connection. Any thread may call; does not wait. */
    void abort() {
        try {
            socket.close();
        } catch (IOException trouble) {
            log.debug("{}: {}", socket.getRemoteSocketAddress(), trouble.getMessage());
        }
    }

    /** Waits until its threads have ended. */
    void join() throws InterruptedException {
        readingThread.join();
    }

    /** How many bytes of answers wait to be written. Any thread may call. */
    private static final class Backlog {
        /** With so many bytes waiting, nothing more is read. */
        private static final long MANY = 4 << 20;

        private long bytes;
        private boolean ended;

        synchronized void add(long more) {
            bytes += more;
            notifyAll();
        }

        /** Nothing more will be written. */
        synchronized void end() {
            ended = true;
            notifyAll();
        }

        synchronized void awaitRoom() throws InterruptedException {
            while (bytes > MANY && !ended) {
                wait();
            }
        }
    }
}
