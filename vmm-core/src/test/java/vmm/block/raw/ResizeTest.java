package vmm.block.raw;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import vmm.block.BlockOptions;
import vmm.block.BlockQueue;
import vmm.block.TestRequest;
import vmm.block.raw.CacheModeTest.Place;
import vmm.event.EventLoop;
import vmm.event.EventLoops;
import vmm.linux.Errno;
import vmm.linux.HostException;

@Timeout(60)
class ResizeTest {
    private static final int SIZE = 1 << 20;

    private final EventLoop loop = EventLoops.start("disk test");

    @TempDir
    Path folder;

    @AfterEach
    void end() {
        loop.close();
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void aDiskGrowsAndShrinks(Engine engine) throws Exception {
        try (TestImage image = TestImage.create(Place.TEMPORARY_FOLDER, folder, SIZE);
                RawDisk disk = RawDisk.open(BlockOptions.of(image.path(), false), engine)) {
            BlockQueue queue = disk.openQueue(loop);
            assertEquals(Errno.EINVAL, TestRequest.write(SIZE, new byte[512]).run(loop, queue));
            disk.resize(2 * SIZE);
            assertEquals(2 * SIZE, disk.size());
            assertEquals(0, TestRequest.write(SIZE, new byte[512]).run(loop, queue));
            disk.resize(SIZE / 2);
            assertEquals(Errno.EINVAL, TestRequest.read(SIZE / 2, 512).run(loop, queue));
            assertEquals(0, TestRequest.read(SIZE / 2 - 512, 512).run(loop, queue));
            assertEquals(SIZE / 2, Files.size(Path.of(image.path())));
        }
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void writesInFlightDoNotMakeAShrunkDiskLongerAgain(Engine engine) throws Exception {
        try (TestImage image = TestImage.create(Place.TEMPORARY_FOLDER, folder, SIZE);
                RawDisk disk = RawDisk.open(BlockOptions.of(image.path(), false), engine)) {
            BlockQueue queue = disk.openQueue(loop);
            for (int round = 0; round < 30; round++) {
                List<TestRequest> requests = new ArrayList<>();
                for (int i = 0; i < 32; i++) {
                    requests.add(TestRequest.write(SIZE - 65536, new byte[65536]));
                }
                loop.post(() -> requests.forEach(queue::submit));
                disk.resize(SIZE / 2);
                assertEquals(SIZE / 2, Files.size(Path.of(image.path())));
                for (TestRequest request : requests) {
                    int errno = request.await();
                    assertTrue(errno == 0 || errno == Errno.EINVAL, Errno.describe(errno));
                }
                assertEquals(SIZE / 2, Files.size(Path.of(image.path())));
                disk.resize(SIZE);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void aFileThatSomebodyMakesLongerGivesWholeBlocksMore(Engine engine) throws Exception {
        try (TestImage image = TestImage.create(Place.TEMPORARY_FOLDER, folder, SIZE);
                RawDisk disk = RawDisk.open(BlockOptions.of(image.path(), false), engine);
                RandomAccessFile file = new RandomAccessFile(image.path(), "rw")) {
            BlockQueue queue = disk.openQueue(loop);
            file.setLength(SIZE + 511);
            disk.noticeGrowth();
            assertEquals(SIZE, disk.size());
            assertEquals(Errno.EINVAL, TestRequest.read(SIZE, 512).run(loop, queue));
            file.setLength(SIZE + 1025);
            disk.noticeGrowth();
            assertEquals(SIZE + 1024, disk.size());
            assertEquals(0, TestRequest.read(SIZE + 512, 512).run(loop, queue));
            file.setLength(SIZE / 2);
            disk.noticeGrowth();
            assertEquals(SIZE + 1024, disk.size());
        }
    }

    @Test
    void aFileOfAnotherFormatDoesNotGrowByItself() throws Exception {
        try (TestImage image = TestImage.create(Place.TEMPORARY_FOLDER, folder, SIZE);
                RawDisk file = RawDisk.openContainer(image.path(), false);
                RandomAccessFile access = new RandomAccessFile(image.path(), "rw")) {
            access.setLength(2 * SIZE);
            file.noticeGrowth();
            assertEquals(SIZE, file.size());
        }
    }

    @Test
    void aLoopThatHasEndedKeepsNoDiskFromShrinking() throws Exception {
        try (TestImage image = TestImage.create(Place.TEMPORARY_FOLDER, folder, SIZE);
                RawDisk disk = RawDisk.open(image.path(), false)) {
            EventLoop gone = EventLoops.start("gone");
            assertEquals(0, TestRequest.read(0, 512).run(gone, disk.openQueue(gone)));
            gone.close();
            disk.resize(SIZE / 2);
            assertEquals(SIZE / 2, disk.size());
        }
    }

    @Test
    void whatCannotBeTheSizeOfADiskIsRefused() throws Exception {
        try (TestImage image = TestImage.create(Place.TEMPORARY_FOLDER, folder, SIZE)) {
            try (RawDisk disk = RawDisk.open(image.path(), false)) {
                refused(disk, 0, "is empty");
                refused(disk, 1000, "no multiple of 512");
                refused(disk, Long.MAX_VALUE & -512, "cannot be made ");
                assertEquals(SIZE, disk.size());
                assertEquals(0, TestRequest.read(SIZE - 512, 512).run(loop, disk.openQueue(loop)));
            }
            try (RawDisk disk = RawDisk.open(image.path(), true)) {
                refused(disk, 2 * SIZE, "is read-only");
            }
            try (RawDisk file = RawDisk.openContainer(image.path(), false)) {
                file.resize(1001);
                assertEquals(1001, file.size());
            }
        }
        try (TestImage device = TestImage.create(Place.DEVICE_OF_4096, folder, SIZE);
                RawDisk disk = RawDisk.open(device.path(), false)) {
            refused(disk, 2 * SIZE, "is a block device");
        }
    }

    private static void refused(RawDisk disk, long size, String sentence) {
        HostException refusal = assertThrows(HostException.class, () -> disk.resize(size));
        String message = String.valueOf(refusal.getMessage());
        assertTrue(message.startsWith("Disk " + disk.name() + " ") && message.contains(sentence), message);
    }
}
