package vmm.block.raw;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static vmm.block.ExtentQuery.State.ALLOCATED;
import static vmm.block.ExtentQuery.State.DEALLOCATED;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import vmm.block.ExtentMap;
import vmm.block.ExtentMap.Stretch;

/** What of a file has storage. */
class ExtentsTest {
    private static final int PAGE = 4096;

    @Test
    void holesAreDeallocated() throws Exception {
        Path memory = Path.of("/dev/shm");
        assumeTrue(Files.isWritable(memory), "/dev/shm is not there");
        Path file = Files.createTempFile(memory, "vmm-test", ".img");
        try {
            try (RandomAccessFile writer = new RandomAccessFile(file.toFile(), "rw")) {
                writer.setLength(8 * PAGE);
                writer.seek(2 * PAGE);
                writer.write(new byte[PAGE]);
            }
            try (RawDisk disk = RawDisk.open(file.toString(), false)) {
                assertEquals(
                        List.of(
                                new Stretch(DEALLOCATED, 2 * PAGE),
                                new Stretch(ALLOCATED, PAGE),
                                new Stretch(DEALLOCATED, 5 * PAGE)),
                        ExtentMap.of(disk));
            }
        } finally {
            Files.delete(file);
        }
    }

    @Test
    void aFileTakesUpWhatWasWrittenToIt() throws Exception {
        Path memory = Path.of("/dev/shm");
        assumeTrue(Files.isWritable(memory), "/dev/shm is not there");
        Path file = Files.createTempFile(memory, "vmm-test", ".img");
        try (RandomAccessFile writer = new RandomAccessFile(file.toFile(), "rw")) {
            writer.setLength(8 * PAGE);
            try (RawDisk disk = RawDisk.open(file.toString(), false)) {
                assertEquals(0, disk.space().orElseThrow().used());

                writer.seek(2 * PAGE);
                writer.write(new byte[3 * PAGE]);

                assertEquals(3 * PAGE, disk.space().orElseThrow().used());
                assertTrue(disk.space().orElseThrow().available() > 0);
            }
        } finally {
            Files.delete(file);
        }
    }

    @Test
    void aFileWithoutHolesIsAllocatedToItsEnd() throws Exception {
        Path file = Files.createTempFile("vmm-test", ".img");
        try {
            Files.write(file, new byte[3 * PAGE]);
            try (RawDisk disk = RawDisk.open(file.toString(), true)) {
                assertEquals(List.of(new Stretch(ALLOCATED, 3 * PAGE)), ExtentMap.of(disk));
            }
        } finally {
            Files.delete(file);
        }
    }
}
