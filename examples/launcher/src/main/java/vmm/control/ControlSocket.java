package vmm.control;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SocketChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.linux.HostException;

/**
 * A machine's control socket. Any number of clients may be connected; each has a thread. It is made in a thread of its
 * own, so that no machine waits for it until it begins.
 */
public final class ControlSocket implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ControlSocket.class);

    private final ControlPath path;
    private final Controlled machine;
    private final FutureTask<UnixListener> listener = new FutureTask<>(this::listen);
    private final Set<SocketChannel> clients = ConcurrentHashMap.newKeySet();

    private ControlSocket(ControlPath path, Controlled machine) {
        this.path = path;
        this.machine = machine;
    }

    /** Begins to listen for clients. {@link #awaitReady} tells whether it can. */
    public static ControlSocket open(ControlPath path, Controlled machine) {
        ControlSocket control = new ControlSocket(path, machine);
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
            if (Files.exists(path.socket()) && UnixListener.isAbandoned(path.socket())) {
                Files.deleteIfExists(path.socket());
            }
            return UnixListener.open(path.socket());
        } catch (FileAlreadyExistsException taken) {
            throw new HostException(
                    path.own().isPresent()
                            ? "A machine " + machine.name() + " is running already: stop it with vmm stop "
                                    + machine.name() + ", or give this one another name."
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
            while (true) {
                SocketChannel client = listener.resultNow().accept();
                clients.add(client);
                Thread.ofPlatform().name("control-client").daemon().start(() -> serve(client));
            }
        } catch (IOException closed) {
            log.debug("The control socket {} is closed.", path.socket());
        }
    }

    private void serve(SocketChannel client) {
        try (client) {
            new QmpSession(client, machine).run();
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
            for (SocketChannel client : clients) {
                client.close();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (HostException neverOpened) {
            log.debug("There is no control socket to close.", neverOpened);
        } catch (IOException e) {
            log.warn("The control socket {} is left behind: {}.", path.socket(), e.getMessage());
        }
    }
}
