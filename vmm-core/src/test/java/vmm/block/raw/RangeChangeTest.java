package vmm.block.raw;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import vmm.block.BlockOptions;
import vmm.block.BlockOptions.Aio;
import vmm.block.BlockOptions.Cache;
import vmm.block.BlockOptions.Format;
import vmm.block.BlockQueue;
import vmm.block.BlockRequest.Operation;
import vmm.block.TestRequest;
import vmm.block.raw.CacheModeTest.Place;
import vmm.event.EventLoop;
import vmm.event.EventLoops;
import vmm.linux.Errno;

@Timeout(60)
class RangeChangeTest {
    private static final int SIZE = 1 << 20;

    private final EventLoop loop = EventLoops.start("disk test");

    @TempDir
    Path folder;

    @AfterEach
    void end() {
        loop.close();
    }

    private static BlockOptions options(TestImage image, boolean unmap) {
        return new BlockOptions(image.path(), false, Format.RAW, Cache.WRITEBACK, Aio.AUTO, unmap);
    }

    @ParameterizedTest
    @EnumSource(Place.class)
    void aDiscardGivesWholeUnitsOfStorageBack(Place place) throws Exception {
        try (TestImage image = TestImage.create(place, folder, SIZE);
                RawDisk disk = RawDisk.open(options(image, true))) {
            BlockQueue queue = disk.openQueue(loop);
            fill(queue);
            assertEquals(0, TestRequest.flush().run(loop, queue));
            long before = image.allocatedBlocks();
            int unit = disk.discardGranularity();
            assertTrue(unit >= 512 && Integer.bitCount(unit) == 1, unit + " bytes");
            // A sector more on both sides than the units that are whole.
            long start = 65536 - 512;
            assertEquals(0, run(queue, Operation.DISCARD, start, 131072 + 1024, false));
            assertEquals(0, TestRequest.flush().run(loop, queue));
            long freed = before - image.allocatedBlocks();
            assertTrue(freed >= 131072 / 512 && freed <= 131072 / 512 + 2L * unit / 512, freed + " blocks");
            TestRequest edge = TestRequest.read(start, 512);
            assertEquals(0, edge.run(loop, queue));
            assertEquals(unit > 512 ? 7 : 0, edge.bytes()[0]);
            assertEquals(SIZE, disk.size());
        }
    }

    @Test
    void aDiscardThatIsIgnoredChangesNothing() throws Exception {
        try (TestImage image = TestImage.create(Place.TEMPORARY_FOLDER, folder, SIZE);
                RawDisk disk = RawDisk.open(options(image, false))) {
            BlockQueue queue = disk.openQueue(loop);
            fill(queue);
            assertEquals(0, disk.discardGranularity());
            assertEquals(0, run(queue, Operation.DISCARD, 0, SIZE, false));
            byte[] expected = new byte[SIZE];
            Arrays.fill(expected, (byte) 7);
            assertArrayEquals(expected, Files.readAllBytes(Path.of(image.path())));
        }
    }

    @ParameterizedTest
    @EnumSource(Place.class)
    void zeroesKeepTheirStorageUnlessTheyMayGiveItBack(Place place) throws Exception {
        try (TestImage image = TestImage.create(place, folder, SIZE);
                RawDisk disk = RawDisk.open(options(image, true))) {
            BlockQueue queue = disk.openQueue(loop);
            fill(queue);
            assertEquals(0, TestRequest.flush().run(loop, queue));
            long full = image.allocatedBlocks();
            assertEquals(0, run(queue, Operation.WRITE_ZEROES, 4096, 262144, false));
            assertEquals(0, TestRequest.flush().run(loop, queue));
            assertTrue(image.allocatedBlocks() >= full, "storage was given back");
            assertEquals(0, run(queue, Operation.WRITE_ZEROES, 524288, 262144, true));
            assertEquals(0, TestRequest.flush().run(loop, queue));
            assertTrue(image.allocatedBlocks() <= full - 262144 / 512, "no storage was given back");
            byte[] expected = new byte[SIZE];
            Arrays.fill(expected, (byte) 7);
            Arrays.fill(expected, 4096, 4096 + 262144, (byte) 0);
            Arrays.fill(expected, 524288, 524288 + 262144, (byte) 0);
            assertArrayEquals(expected, Files.readAllBytes(Path.of(image.path())));
        }
    }

    @ParameterizedTest
    @EnumSource(Place.class)
    void zeroesAreWrittenWhereNothingBetterIsKnown(Place place) throws Exception {
        try (TestImage image = TestImage.create(place, folder, SIZE);
                RawDisk disk = RawDisk.open(options(image, true))) {
            EnumSet.complementOf(EnumSet.of(RangeMethod.WRITE)).forEach(disk::exclude);
            BlockQueue queue = disk.openQueue(loop);
            fill(queue);
            TestRequest zeroes = TestRequest.range(Operation.WRITE_ZEROES, 512, SIZE - 1024, true);
            zeroes.requireStable();
            assertEquals(0, zeroes.run(loop, queue));
            byte[] expected = new byte[SIZE];
            Arrays.fill(expected, 0, 512, (byte) 7);
            Arrays.fill(expected, SIZE - 512, SIZE, (byte) 7);
            assertArrayEquals(expected, Files.readAllBytes(Path.of(image.path())));
        }
    }

    @Test
    void rangesBehindTheEndAndOnReadOnlyDisksAreRefused() throws Exception {
        try (TestImage image = TestImage.create(Place.TEMPORARY_FOLDER, folder, SIZE)) {
            try (RawDisk disk = RawDisk.open(options(image, true))) {
                BlockQueue queue = disk.openQueue(loop);
                for (Operation operation : new Operation[] {Operation.DISCARD, Operation.WRITE_ZEROES}) {
                    assertEquals(Errno.EINVAL, run(queue, operation, SIZE - 512, 1024, true));
                    assertEquals(Errno.EINVAL, run(queue, operation, -512, 1024, true));
                    assertEquals(Errno.EINVAL, run(queue, operation, 512, Long.MAX_VALUE, true));
                    assertEquals(0, run(queue, operation, SIZE, 0, true));
                }
            }
            try (RawDisk disk = RawDisk.open(image.path(), true)) {
                BlockQueue queue = disk.openQueue(loop);
                assertEquals(0, disk.discardGranularity());
                assertEquals(Errno.EROFS, run(queue, Operation.DISCARD, 0, 4096, true));
                assertEquals(Errno.EROFS, run(queue, Operation.WRITE_ZEROES, 0, 4096, true));
            }
            assertEquals(SIZE, Files.size(Path.of(image.path())));
        }
    }

    private void fill(BlockQueue queue) {
        byte[] bytes = new byte[SIZE];
        Arrays.fill(bytes, (byte) 7);
        assertEquals(0, TestRequest.write(0, bytes).run(loop, queue));
    }

    private int run(BlockQueue queue, Operation operation, long offset, long length, boolean unmap) {
        return TestRequest.range(operation, offset, length, unmap).run(loop, queue);
    }
}
