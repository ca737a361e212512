package vmm.bench.hotplug;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Images that say at their beginning what they are. */
final class Images {
    private Images() {}

    /** Makes an image, or makes it anew. */
    static void make(Path file, long bytes, String beginning) throws IOException {
        try (FileChannel image = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            image.write(ByteBuffer.wrap(beginning.getBytes(StandardCharsets.US_ASCII)));
            image.write(ByteBuffer.allocate(1), bytes - 1);
        }
    }
}
