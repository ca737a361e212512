package vmm.scsi.reservation;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import vmm.linux.HostException;

/** The file that keeps the state of reservations. It is never seen half written, whatever happens to the machine. */
final class StateFile {
    private static final long LARGEST = 8 << 20;

    private final Path path;

    StateFile(Path path) {
        this.path = path;
    }

    /**
     * The state of the last power-on, or none.
     *
     * @throws HostException if the file is there and cannot be understood
     */
    ReservationState open() {
        try {
            return read().orElse(ReservationState.NONE);
        } catch (IOException e) {
            throw new HostException(
                    "The reservations in " + path + " cannot be used (" + e.getMessage()
                            + "): repair the file, or remove it to forget all registrations of its disk.",
                    e);
        }
    }

    /** What is in the file; nothing if there is none. */
    Optional<ReservationState> read() throws IOException {
        try {
            if (Files.size(path) > LARGEST) {
                throw new IOException("it is larger than " + LARGEST + " bytes");
            }
            byte[] bytes = Files.readAllBytes(path);
            return Optional.of(StateText.read(new String(bytes, StandardCharsets.US_ASCII)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /**
     * Puts a state in place of what was there.
     *
     * @param stable true if it must be there after a power loss
     */
    void write(ReservationState state, boolean stable) throws IOException {
        Path fresh = path.resolveSibling(path.getFileName() + ".new");
        try (FileChannel channel = FileChannel.open(
                fresh, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer bytes = StandardCharsets.US_ASCII.encode(StateText.write(state));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            if (stable) {
                channel.force(true);
            }
        }
        Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE);
        if (stable) {
            syncFolder();
        }
    }

    void remove() throws IOException {
        Files.deleteIfExists(path);
        syncFolder();
    }

    /** Makes the name as stable as the contents. */
    private void syncFolder() throws IOException {
        Path folder = path.toAbsolutePath().getParent();
        if (folder != null) {
            try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }
}
