package vmm.machine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.linux.HostException;
import vmm.platform.Uart16550;

/**
 * A console of which only the output is kept, or not even that. Its file is opened when the machine starts: one that
 * cannot start leaves no file behind and empties none.
 */
final class FileConsole implements Console {
    private static final Logger log = LoggerFactory.getLogger(FileConsole.class);

    private final @Nullable Path file;

    /** Null before the start, and for a console without a file. */
    private volatile @Nullable FileChannel output;

    private boolean failed;

    private FileConsole(@Nullable Path file) {
        this.file = file;
    }

    /** A console that writes to a file. */
    static FileConsole to(Path file) {
        return new FileConsole(file);
    }

    /** A console that keeps nothing. */
    static FileConsole discard() {
        return new FileConsole(null);
    }

    @Override
    public void write(byte[] data, int length) {
        FileChannel channel = output;
        if (channel == null) {
            return;
        }
        try {
            for (ByteBuffer buffer = ByteBuffer.wrap(data, 0, length); buffer.hasRemaining(); ) {
                channel.write(buffer);
            }
        } catch (ClosedChannelException hungUp) {
            log.debug("Output to {} after its end is lost.", file);
        } catch (IOException e) {
            if (!failed) {
                failed = true;
                log.warn("The serial port's output is lost from here on: {}.", e.getMessage());
            }
        }
    }

    @Override
    public void connect(Uart16550 uart) {
        // Nobody types.
        if (file == null || output != null) {
            return;
        }
        try {
            output = FileChannel.open(
                    file, StandardOpenOption.WRITE, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING);
        } catch (IOException e) {
            throw new HostException(
                    "Cannot write the serial port's output to " + file + " (" + reason(e)
                            + "): name a file in a directory that exists and that you may write to.",
                    e);
        }
    }

    /** What the system says, without the file's name in front. */
    private static String reason(IOException e) {
        if (e instanceof FileSystemException system) {
            return switch (system) {
                case NoSuchFileException _ -> "no such directory";
                case AccessDeniedException _ -> "permission denied";
                default -> system.getReason() == null ? "it cannot be opened" : system.getReason();
            };
        }
        return String.valueOf(e.getMessage());
    }

    @Override
    public void hangUp() {
        close();
    }

    @Override
    public void close() {
        try {
            FileChannel channel = output;
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            log.warn("The serial port's output may be incomplete: {}.", e.getMessage());
        }
    }
}
