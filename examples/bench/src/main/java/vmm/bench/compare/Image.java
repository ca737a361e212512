package vmm.bench.compare;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import vmm.linux.HostException;

/** A raw image full of data, in a folder of its own, gone when it is closed. */
final class Image implements AutoCloseable {
    private static final int PIECE = 1 << 20;

    private final Path folder;
    private final Path file;

    private Image(Path folder) {
        this.folder = folder;
        this.file = folder.resolve("disk.img");
    }

    static Image create(Path directory, long mebibytes) throws IOException {
        Image image = new Image(Files.createTempDirectory(directory, "vmm-compare"));
        try (FileChannel channel =
                FileChannel.open(image.file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            byte[] piece = new byte[PIECE];
            new Random(1).nextBytes(piece);
            for (long i = 0; i < mebibytes; i++) {
                ByteBuffer data = ByteBuffer.wrap(piece);
                while (data.hasRemaining()) {
                    channel.write(data);
                }
            }
        } catch (IOException e) {
            image.close();
            throw new HostException(
                    "There is no room for an image of " + mebibytes + " MiB in " + directory
                            + "; choose a smaller --size or another --directory.",
                    e);
        }
        return image;
    }

    Path folder() {
        return folder;
    }

    Path file() {
        return file;
    }

    @Override
    public void close() throws IOException {
        try (var files = Files.newDirectoryStream(folder)) {
            for (Path each : files) {
                Files.delete(each);
            }
        }
        Files.delete(folder);
    }
}
