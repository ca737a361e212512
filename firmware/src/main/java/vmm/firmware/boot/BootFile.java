package vmm.firmware.boot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import vmm.linux.HostException;
import vmm.memory.GuestMemory;

/** A file on the host that goes into guest memory. Each failure is a sentence with the file's name. */
public final class BootFile implements AutoCloseable {
    /** How much is copied at a time: a view of guest memory has to be shorter than 2 GiB. */
    private static final int CHUNK = 64 << 20;

    private final String role;
    private final Path path;
    private final FileChannel channel;
    private final long size;

    private BootFile(String role, Path path, FileChannel channel) {
        this.role = role;
        this.path = path;
        this.channel = channel;
        try {
            size = channel.size();
        } catch (IOException e) {
            throw unreadable(role, path, e);
        }
    }

    /**
     * Opens a file that is there, can be read and is not empty.
     *
     * @param role what the file is to the user, as "kernel"
     * @throws HostException if it is not
     */
    public static BootFile open(String role, Path path) {
        if (Files.exists(path) && !Files.isRegularFile(path)) { // opening a FIFO would wait for a writer
            throw new HostException("The " + role + " " + path + " is not a file: name one.");
        }
        BootFile file = new BootFile(role, path, openChannel(role, path));
        if (file.size > 0) {
            return file;
        }
        file.close();
        throw new HostException("The " + role + " " + path + " is empty: get it again from where it came from.");
    }

    private static FileChannel openChannel(String role, Path path) {
        try {
            return FileChannel.open(path, StandardOpenOption.READ);
        } catch (NoSuchFileException e) {
            throw new HostException("The " + role + " " + path + " does not exist: correct the path.", e);
        } catch (AccessDeniedException e) {
            throw new HostException(
                    "The " + role + " " + path + " may not be read by this user: allow it, as with chmod.", e);
        } catch (IOException e) {
            throw unreadable(role, path, e);
        }
    }

    /** The file's length in bytes when it was opened, at least 1. */
    public long size() {
        return size;
    }

    /** The file, as the user named it. */
    public Path path() {
        return path;
    }

    /**
     * Reads the start of the file.
     *
     * @return at most {@code length} bytes, fewer if the file is shorter; little-endian
     */
    public ByteBuffer head(int length) {
        return read(0, (int) Math.min(length, size));
    }

    /**
     * Reads a part of the file.
     *
     * @param length in bytes
     * @return that many bytes, little-endian
     * @throws HostException if the file does not have them
     */
    public ByteBuffer read(long position, int length) {
        checkInside(position, length);
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        fill(bytes, position);
        return bytes;
    }

    /**
     * Copies a part of the file into guest memory, straight from the page cache.
     *
     * @param address guest physical; the caller has checked that {@code length} bytes of RAM are there
     * @throws HostException if the file does not have them
     */
    public void copyTo(GuestMemory memory, long address, long position, long length) {
        checkInside(position, length);
        for (long done = 0; done < length; ) {
            int chunk = (int) Math.min(CHUNK, length - done);
            fill(memory.slice(address + done, chunk).asByteBuffer(), position + done);
            done += chunk;
        }
    }

    private void checkInside(long position, long length) {
        if (position < 0 || length < 0 || position > size || length > size - position) {
            throw truncated();
        }
    }

    private void fill(ByteBuffer target, long position) {
        long at = position;
        try {
            while (target.hasRemaining()) {
                int count = channel.read(target, at);
                if (count < 0) {
                    throw truncated();
                }
                at += count;
            }
        } catch (IOException e) {
            throw unreadable(role, path, e);
        }
        target.flip();
    }

    private static HostException unreadable(String role, Path path, IOException e) {
        return new HostException("The " + role + " " + path + " cannot be read: " + e.getMessage() + ".", e);
    }

    private HostException truncated() {
        return new HostException("The " + role + " " + path + " is cut off after " + size
                + " bytes: get it again from where it came from.");
    }

    /** A number of bytes as a person says it: in MiB, rounded up. */
    public static String mebibytes(long bytes) {
        return String.format(Locale.ROOT, "%d MiB", (bytes + (1 << 20) - 1) >> 20);
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw unreadable(role, path, e);
        }
    }
}
