package vmm.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import vmm.block.BlockDevice;
import vmm.block.BlockDevices;

@Timeout(60)
class SizeWatchTest {
    private static final int SIZE = 1 << 20;

    @TempDir
    Path folder;

    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();

    private Path image(String name) throws IOException {
        return Files.write(folder.resolve(name), new byte[SIZE]);
    }

    private static void grow(Path image, long size) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(size);
        }
    }

    @Test
    void theDeviceOfTheDiskThatHasGrownIsTold() throws Exception {
        try (BlockDevice one = BlockDevices.open(image("one").toString(), false);
                BlockDevice other = BlockDevices.open(image("other").toString(), true);
                SizeWatch watch = new SizeWatch(1_000_000)) {
            watch.add(one, () -> told.add("one " + one.size()));
            watch.add(other, () -> told.add("other " + other.size()));
            grow(folder.resolve("other"), 2 * SIZE);
            assertEquals("other " + 2 * SIZE, told.take());
            grow(folder.resolve("one"), 3 * SIZE);
            assertEquals("one " + 3 * SIZE, told.take());
            assertNull(told.poll(20, TimeUnit.MILLISECONDS));
        }
    }

    @Test
    void nobodyIsToldAfterItsEnd() throws Exception {
        Path image = image("disk");
        try (BlockDevice disk = BlockDevices.open(image.toString(), false)) {
            try (SizeWatch watch = new SizeWatch(1_000_000)) {
                watch.add(disk, () -> told.add("grown"));
            }
            grow(image, 2 * SIZE);
            assertNull(told.poll(20, TimeUnit.MILLISECONDS));
            assertEquals(SIZE, disk.size());
        }
    }

    @Test
    void whatWasNeverStartedEnds() throws Exception {
        SizeWatch watch = new SizeWatch();
        watch.close();
    }
}
