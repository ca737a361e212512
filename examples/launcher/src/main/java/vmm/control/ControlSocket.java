package vmm.control;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.FileAlreadyExistsException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.linux.HostException;

/**
 * A machine's control socket. Several clients may be connected; each has two threads. It is made in a thread of its
 * own, so that no machine waits for it until it begins.
 */
public final class ControlSocket implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ControlSocket.class);

    /** How many may be connected at once. */
    static final int MOST_CLIENTS = 64;

    /** How long the end of a message may take that has begun; a person types slowly. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** How long a client has to read what it was told last. */
    private static final Duration FAREWELL = Duration.ofSeconds(1);

    private final ControlPath path;
    private final String machine;
    private final Supplier<QmpService> service;
    private final Duration patience;
    private final FutureTask<UnixListener> listener = new FutureTask<>(this::listen);
    private final Set<QmpConnection> clients = ConcurrentHashMap.newKeySet();

    private ControlSocket(ControlPath path, String machine, Supplier<QmpService> service, Duration patience) {
        this.path = path;
        this.machine = machine;
        this.service = service;
        this.patience = patience;
    }

    /**
     * Begins to listen for clients. {@link #awaitReady} tells whether it can.
     *
     * @param machine what the user calls the machine
     * @param service what it offers; asked for when the first client comes
     */
    public static ControlSocket open(ControlPath path, String machine, Supplier<QmpService> service) {
        return open(path, machine, service, PATIENCE);
    }

    /** @param patience how long the end of a message may take that has begun */
    static ControlSocket open(ControlPath path, String machine, Supplier<QmpService> service, Duration patience) {
        ControlSocket control = new ControlSocket(path, machine, service, patience);
        Thread.ofPlatform().name("control").daemon().start(control::serve);
        return control;
    }

    /**
     * Waits until it listens.
     *
     * @throws HostException if the socket cannot be made, or another machine has it
     */
    public void awaitReady() throws InterruptedException {
        try {
            listener.get();
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof HostException sentence) {
                throw sentence;
            }
            throw new IllegalStateException(failed);
        }
    }

    private UnixListener listen() {
        try {
            path.makeRoom();
            return UnixListener.open(path.socket());
        } catch (FileAlreadyExistsException taken) {
            throw new HostException(
                    path.own().isPresent()
                            ? "A machine " + machine + " is running already: stop it with vmm stop " + machine
                                    + ", or give this one another name."
                            : "The control socket " + path.socket()
                                    + " exists already: another machine may be using it; remove it if not, or name"
                                    + " another.",
                    taken);
        } catch (IOException e) {
            throw new HostException(
                    "Cannot listen on the control socket " + path.socket() + " (" + e.getMessage()
                            + "): name a short path in a directory that exists and that you may write to with"
                            + " --control PATH, or do without by --control none.",
                    e);
        }
    }

    private void serve() {
        listener.run();
        if (listener.state() != Future.State.SUCCESS) {
            return;
        }
        try {
            path.sweep();
        } catch (IOException | UncheckedIOException e) {
            log.debug("What other machines have left stays.", e);
        }
        try {
            @Nullable QmpService offered = null;
            while (true) {
                SocketChannel client = listener.resultNow().accept();
                if (offered == null) {
                    offered = service.get();
                }
                serve(client, offered);
            }
        } catch (IOException closed) {
            log.debug("The control socket {} is closed.", path.socket());
        }
    }

    private void serve(SocketChannel client, QmpService offered) throws IOException {
        if (clients.size() == MOST_CLIENTS) {
            try (client) {
                client.write(ByteBuffer.wrap(QmpSession.error("Too many clients are connected")));
            }
            return;
        }
        QmpConnection connection = new QmpConnection(client, offered, patience);
        clients.add(connection);
        Thread.ofPlatform().name("control-client").daemon().start(() -> serve(connection));
    }

    private void serve(QmpConnection client) {
        try {
            client.run();
        } catch (IOException gone) {
            log.debug("A client of {} has gone.", path.socket());
        } finally {
            clients.remove(client);
        }
    }

    /** Hangs up; a client that waits for the machine's end finds that it has come. */
    @Override
    public void close() {
        try {
            awaitReady();
            listener.resultNow().close();
            path.clear();
            hangUp();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (HostException neverOpened) {
            log.debug("There is no control socket to close.", neverOpened);
        } catch (IOException e) {
            log.warn("The control socket {} is left behind: {}.", path.socket(), e.getMessage());
        }
    }

    /** All have the same time to listen. */
    private void hangUp() throws IOException, InterruptedException {
        long end = System.nanoTime() + FAREWELL.toNanos();
        List<QmpConnection> last = List.copyOf(clients);
        last.forEach(QmpConnection::close);
        for (QmpConnection client : last) {
            client.awaitEnd(Duration.ofNanos(end - System.nanoTime()));
        }
    }
}
