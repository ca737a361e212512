package vmm.block.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vmm.block.BlockDevice;
import vmm.linux.Errno;

/** Images that qemu-img made, read by us. */
class ReadingTest {
    private static final int SIZE = 3 << 20;

    @TempDir
    Path folder;

    private final Random random = new Random(7);

    @BeforeEach
    void tools() {
        QemuTools.assumeThere();
    }

    /** Random data with gaps and zeros. */
    private byte[] content(int size) {
        byte[] bytes = new byte[size];
        int at = 0;
        while (at < size) {
            int length = Math.min(size - at, 512 * random.nextInt(1, 400));
            if (random.nextInt(3) > 0) {
                byte[] some = new byte[length];
                random.nextBytes(some);
                if (random.nextBoolean()) {
                    Arrays.fill(some, 0, length, some[0]); // Compresses well.
                }
                System.arraycopy(some, 0, bytes, at, length);
            }
            at += length;
        }
        return bytes;
    }

    private Path converted(byte[] content, String options, String... more) throws IOException {
        Path raw = folder.resolve("content.raw");
        Files.write(raw, content);
        Path image = folder.resolve("image.qcow2");
        List<String> arguments = new ArrayList<>(List.of("convert", "-f", "raw", "-O", "qcow2", "-o", options));
        arguments.addAll(List.of(more));
        arguments.addAll(List.of(raw.toString(), image.toString()));
        QemuTools.img(arguments.toArray(String[]::new));
        return image;
    }

    private void readsAs(byte[] content, Path image) {
        try (BlockDevice disk = Images.open(image, true)) {
            assertEquals(content.length, disk.size());
            assertArrayEquals(content, Images.read(disk, 0, content.length));
            for (int i = 0; i < 300; i++) {
                int from = random.nextInt(content.length - 1);
                int length = random.nextInt(1, Math.min(content.length - from, 200_000));
                assertArrayEquals(Arrays.copyOfRange(content, from, from + length), Images.read(disk, from, length));
            }
        }
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
                "refcount_bits=64",
                "extended_l2=on",
                "extended_l2=on,cluster_size=16k",
                "lazy_refcounts=on",
                "preallocation=metadata",
                "preallocation=falloc"
            })
    void imagesOfEveryKind(String options) throws Exception {
        byte[] content = content(SIZE);
        readsAs(content, converted(content, options));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cluster_size=64k",
                "cluster_size=512",
                "cluster_size=2M",
                "compat=0.10",
                "extended_l2=on",
                "compression_type=zstd",
                "compression_type=zstd,cluster_size=512",
                "compression_type=zstd,cluster_size=2M"
            })
    void compressedClusters(String options) throws Exception {
        byte[] content = content(SIZE);
        readsAs(content, converted(content, options, "-c"));
    }

    /** Bits of the packed clusters are turned over, in each image others. */
    @ParameterizedTest
    @ValueSource(strings = {"zlib", "zstd"})
    void damagedClustersReadAsAnErrorOrAsOtherData(String compression) throws Exception {
        byte[] content = new byte[1 << 20];
        for (int i = 0; i < content.length; i++) {
            content[i] = (byte) (random.nextInt(4) + i / 1000);
        }
        Path image = converted(content, "compression_type=" + compression, "-c");
        byte[] sound = Files.readAllBytes(image);
        int errors = 0;
        for (int round = 0; round < 20; round++) {
            byte[] damaged = sound.clone();
            // The first five clusters are metadata.
            for (int i = 0; i < 20; i++) {
                damaged[random.nextInt(5 << 16, damaged.length)] ^= (byte) (1 << random.nextInt(8));
            }
            Files.write(image, damaged);
            try (BlockDevice disk = Images.open(image, true)) {
                for (int at = 0; at < content.length; at += 1 << 16) {
                    int errno = Images.tryRead(disk, at, 1 << 16);
                    assertTrue(errno == 0 || errno == Errno.EIO, Errno.describe(errno));
                    errors += errno == 0 ? 0 : 1;
                }
            }
        }
        assertTrue(errors > 20, errors + " errors");
    }

    @ParameterizedTest
    @ValueSource(strings = {"compat=1.1", "compat=0.10", "extended_l2=on"})
    void aChainOfImagesAboveAShorterRawFile(String options) throws Exception {
        byte[] content = content(SIZE);
        Path base = folder.resolve("base.raw");
        Files.write(base, Arrays.copyOf(content, 1_000_001));
        Arrays.fill(content, 1_000_001, SIZE, (byte) 0);
        QemuTools.img("create", "-f", "qcow2", "-o", options, "-b", "base.raw", "-F", "raw", path("middle"), SIZE + "");
        QemuTools.img("create", "-f", "qcow2", "-o", options, "-b", "middle", "-F", "qcow2", path("top"));
        QemuTools.io(folder.resolve("middle"), "write -P 1 5000 100000", "write -P 2 990000 20000");
        Arrays.fill(content, 5000, 105000, (byte) 1);
        Arrays.fill(content, 990000, 1010000, (byte) 2);
        QemuTools.io(folder.resolve("top"), "write -z 65536 200000", "write -P 4 1048576 512");
        Arrays.fill(content, 65536, 265536, (byte) 0);
        Arrays.fill(content, 1048576, 1048576 + 512, (byte) 4);
        readsAs(content, folder.resolve("top"));
    }

    private String path(String name) {
        return folder.resolve(name).toString();
    }

    @Test
    void zeroClustersHideWhatTheyHad() throws Exception {
        byte[] content = content(SIZE);
        Path image = converted(content, "compat=1.1");
        QemuTools.io(image, "write -z 131072 131072", "write -z -u 327680 65536", "discard 524288 65536");
        Arrays.fill(content, 131072, 262144, (byte) 0);
        Arrays.fill(content, 327680, 327680 + 65536, (byte) 0);
        Arrays.fill(content, 524288, 524288 + 65536, (byte) 0);
        readsAs(content, image);
    }
}
