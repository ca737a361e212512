package vmm.machine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.control.UnixListener;
import vmm.linux.HostException;
import vmm.platform.Uart16550;

/**
 * The console on a listening unix socket, for its owner only. One client at a time has the line; what the guest sends
 * while there is none is lost, as on a serial cable that nobody holds.
 */
final class SocketConsole implements Console {
    private static final Logger log = LoggerFactory.getLogger(SocketConsole.class);

    private final Path path;
    private final UnixListener listener;

    private final InputPump pump = new InputPump();
    private volatile @Nullable SocketChannel client;

    private SocketConsole(Path path, UnixListener listener) {
        this.path = path;
        this.listener = listener;
    }

    static SocketConsole open(Path path) {
        try {
            SocketConsole console = new SocketConsole(path, UnixListener.open(path));
            Thread.ofPlatform().name("console-socket").daemon(true).start(console::serve);
            return console;
        } catch (FileAlreadyExistsException taken) {
            throw new HostException(
                    "The console socket " + path
                            + " exists already: another VM may be using it; remove it if not, or name another.",
                    taken);
        } catch (IOException e) {
            throw new HostException(
                    "Cannot listen on the console socket " + path + " (" + e.getMessage()
                            + "): name a short path in a directory that exists and that you may write to.",
                    e);
        }
    }

    private void serve() {
        try {
            while (true) {
                try (SocketChannel next = listener.accept()) {
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
            listener.hangUp();
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
            listener.close();
        } catch (IOException e) {
            log.warn("The console socket {} is left behind: {}.", path, e.getMessage());
        }
    }
}
