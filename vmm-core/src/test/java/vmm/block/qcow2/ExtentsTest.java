package vmm.block.qcow2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static vmm.block.ExtentQuery.State.ALLOCATED;
import static vmm.block.ExtentQuery.State.DEALLOCATED;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vmm.block.BlockDevice;
import vmm.block.ExtentMap;
import vmm.block.ExtentMap.Stretch;

/** What of an image is kept, and what is only zeros. */
class ExtentsTest {
    private static final long K = 1024;

    @TempDir
    Path folder;

    @BeforeEach
    void tools() {
        QemuTools.assumeThere();
    }

    @Test
    void clustersOfDataAreAllocated() {
        Path image = image();
        QemuTools.io(image, "write 64k 128k", "write -z 1M 64k", "write -c 2M 64k");

        assertEquals(
                List.of(
                        new Stretch(DEALLOCATED, 64 * K),
                        new Stretch(ALLOCATED, 128 * K),
                        new Stretch(DEALLOCATED, (2048 - 192) * K),
                        new Stretch(ALLOCATED, 64 * K),
                        new Stretch(DEALLOCATED, (1 << 30) - (2048 + 64) * K)),
                extents(image));
    }

    @Test
    void whatTheBackingFileHasIsAllocatedAsFarAsItGoes() {
        Path base = image();
        Path image = folder.resolve("overlay.qcow2");
        QemuTools.img("create", "-f", "qcow2", "-F", "qcow2", "-b", base.toString(), image.toString(), "2G");
        QemuTools.io(image, "write -z 0 64k");

        assertEquals(
                List.of(
                        new Stretch(DEALLOCATED, 64 * K),
                        new Stretch(ALLOCATED, (1 << 30) - 64 * K),
                        new Stretch(DEALLOCATED, 1 << 30)),
                extents(image));
    }

    private Path image() {
        Path image = folder.resolve("image.qcow2");
        QemuTools.img("create", "-f", "qcow2", image.toString(), "1G");
        return image;
    }

    private static List<Stretch> extents(Path image) {
        try (BlockDevice disk = Images.open(image, true)) {
            return ExtentMap.of(disk);
        }
    }
}
