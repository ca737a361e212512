package vmm.scsi;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * A small text beside an image: what a logical unit remembers when its virtual machine is gone. Lines of ASCII, the
 * first of which says what they are, and a checksum at the end. Never seen half written, whatever happens to the host.
 *
 * <p>Belongs to one thread at a time; what it does waits for the disk.
 */
public final class SideFile {
    private static final long LARGEST = 8 << 20;
    private static final String CHECKSUM = "crc32c ";

    private final Path path;
    private final String title;

    /**
     * A file that need not exist.
     *
     * @param title its first line
     */
    public SideFile(Path path, String title) {
        this.path = path;
        this.title = title;
    }

    /** Where it is. */
    public Path path() {
        return path;
    }

    /**
     * What was written last, without the title; nothing if there is no file.
     *
     * @throws IOException if the file cannot be read, or is not as it was written; with a message that fits into a
     *     sentence
     */
    public Optional<List<String>> read() throws IOException {
        byte[] bytes;
        try {
            if (Files.size(path) > LARGEST) {
                throw new IOException("it is larger than " + LARGEST + " bytes");
            }
            bytes = Files.readAllBytes(path);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        String text = new String(bytes, StandardCharsets.US_ASCII);
        int end = text.lastIndexOf(CHECKSUM);
        if (end < 0 || !text.substring(end).equals(checksum(text.substring(0, end)))) {
            throw new IOException("its checksum is wrong");
        }
        List<String> lines = text.substring(0, end).lines().toList();
        if (lines.isEmpty() || !lines.getFirst().equals(title)) {
            throw new IOException("it does not begin with \"" + title + "\"");
        }
        return Optional.of(lines.subList(1, lines.size()));
    }

    /**
     * Puts lines in place of what was there.
     *
     * @param stable true if they must be there after a power loss
     */
    public void write(List<String> lines, boolean stable) throws IOException {
        String text = title
                + '\n'
                + String.join("", lines.stream().map(line -> line + '\n').toList());
        Path fresh = path.resolveSibling(path.getFileName() + ".new");
        try (FileChannel channel = FileChannel.open(
                fresh, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer bytes = StandardCharsets.US_ASCII.encode(text + checksum(text));
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

    /** Takes the file away. */
    public void remove() throws IOException {
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

    private static String checksum(String text) {
        CRC32C crc = new CRC32C();
        crc.update(text.getBytes(StandardCharsets.US_ASCII));
        return CHECKSUM + HexFormat.of().toHexDigits((int) crc.getValue()) + '\n';
    }
}
