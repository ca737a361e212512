package vmm.block.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vmm.block.BlockDevice;

/** Images that qemu-img made, written by us, and then checked and compared by qemu-img. */
class WritingTest {
    private static final int SIZE = 3 << 20;

    @TempDir
    Path folder;

    private final Random random = new Random(11);

    @BeforeEach
    void tools() {
        QemuTools.assumeThere();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "compat=1.1",
                "compat=0.10",
                "cluster_size=512",
                "cluster_size=4k",
                "cluster_size=2M",
                "refcount_bits=1",
                "refcount_bits=2,cluster_size=1k",
                "refcount_bits=64,cluster_size=512",
                "extended_l2=on",
                "extended_l2=on,cluster_size=16k",
                "lazy_refcounts=on",
                "preallocation=metadata",
                "preallocation=falloc"
            })
    void randomOperationsAgreeWithAModel(String options) throws Exception {
        Path image = folder.resolve("image.qcow2");
        QemuTools.img("create", "-f", "qcow2", "-o", options, image.toString(), SIZE + "");
        byte[] model = new byte[SIZE];
        randomOperations(image, model);
    }

    @ParameterizedTest
    @ValueSource(strings = {"compat=1.1", "compat=0.10", "extended_l2=on", "cluster_size=512", "cluster_size=2M"})
    void randomOperationsAboveABackingFileAndASnapshot(String options) throws Exception {
        Path image = folder.resolve("image.qcow2");
        byte[] model = new byte[SIZE];
        random.nextBytes(model);
        Files.write(folder.resolve("base.raw"), Arrays.copyOf(model, 2_000_000));
        Arrays.fill(model, 2_000_000, SIZE, (byte) 0);
        QemuTools.img(
                "create", "-f", "qcow2", "-o", options, "-b", "base.raw", "-F", "raw", image.toString(), SIZE + "");
        QemuTools.io(image, "write -P 1 5000 300000", "write -P 2 1990000 120000");
        Arrays.fill(model, 5000, 305000, (byte) 1);
        Arrays.fill(model, 1990000, 2110000, (byte) 2);
        Path before = folder.resolve("before.raw");
        Files.write(before, model);
        QemuTools.img("snapshot", "-c", "before", image.toString());
        randomOperations(image, model);
        QemuTools.img("snapshot", "-a", "before", image.toString());
        QemuTools.compare(image, before);
        QemuTools.check(image);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "compat=1.1",
                "compat=0.10",
                "extended_l2=on",
                "cluster_size=512",
                "cluster_size=2M",
                "compression_type=zstd"
            })
    void randomOperationsOnCompressedClusters(String options) throws Exception {
        byte[] model = new byte[SIZE];
        for (int i = 0; i < SIZE; i++) {
            model[i] = (byte) (i >> 10);
        }
        Path raw = folder.resolve("content.raw");
        Files.write(raw, model);
        Path image = folder.resolve("image.qcow2");
        QemuTools.img("convert", "-f", "raw", "-O", "qcow2", "-c", "-o", options, raw.toString(), image.toString());
        randomOperations(image, model);
    }

    private void randomOperations(Path image, byte[] model) throws Exception {
        for (int session = 0; session < 3; session++) {
            try (BlockDevice disk = Images.open(image, false);
                    Driver driver = new Driver(disk)) {
                for (int i = 0; i < 150; i++) {
                    step(driver, model);
                }
                assertArrayEquals(model, driver.read(0, SIZE));
            }
            QemuTools.check(image);
        }
        Path raw = folder.resolve("model.raw");
        Files.write(raw, model);
        QemuTools.compare(image, raw);
    }

    private void step(Driver driver, byte[] model) {
        int most = random.nextInt(10) == 0 ? 800 : 40;
        int from = 512 * random.nextInt(SIZE / 512);
        int length = Math.min(SIZE - from, 512 * random.nextInt(1, most));
        switch (random.nextInt(12)) {
            case 0 -> assertEquals(0, driver.flush());
            case 1 -> {
                driver.zero(from, length, true);
                Arrays.fill(model, from, from + length, (byte) 0);
            }
            case 2 -> {
                driver.zero(from, length, false);
                Arrays.fill(model, from, from + length, (byte) 0);
            }
            case 3 -> {
                driver.discard(from, length);
                // Whatever it reads as now, it has to stay.
                byte[] now = driver.read(from, length);
                for (int i = 0; i < length; i++) {
                    assertEquals(true, now[i] == 0 || now[i] == model[from + i]);
                }
                System.arraycopy(now, 0, model, from, length);
            }
            case 4, 5, 6 ->
                assertArrayEquals(Arrays.copyOfRange(model, from, from + length), driver.read(from, length));
            default -> {
                byte[] bytes = new byte[length];
                random.nextBytes(bytes);
                assertEquals(0, driver.write(from, bytes));
                System.arraycopy(bytes, 0, model, from, length);
            }
        }
    }

    /** A queue of a disk, one request at a time. */
    private static final class Driver implements AutoCloseable {
        private final WaitingIo io;
        private final Arena arena = Arena.ofConfined();
        private final MemorySegment buffer = WaitingIo.buffer(arena, SIZE);

        Driver(BlockDevice disk) {
            io = new WaitingIo(disk);
        }

        byte[] read(int offset, int length) {
            MemorySegment target = buffer.asSlice(0, length);
            target.fill((byte) 0xee);
            assertEquals(0, io.read(offset, target));
            return target.toArray(ValueLayout.JAVA_BYTE);
        }

        int write(int offset, byte[] bytes) {
            MemorySegment source = buffer.asSlice(0, bytes.length);
            source.copyFrom(MemorySegment.ofArray(bytes));
            return io.write(offset, source);
        }

        void zero(int offset, int length, boolean unmap) {
            assertEquals(0, io.clear(vmm.block.BlockRequest.Operation.WRITE_ZEROES, offset, length, unmap));
        }

        void discard(int offset, int length) {
            assertEquals(0, io.clear(vmm.block.BlockRequest.Operation.DISCARD, offset, length, true));
        }

        int flush() {
            return io.flush();
        }

        @Override
        public void close() {
            io.close();
            arena.close();
        }
    }
}
