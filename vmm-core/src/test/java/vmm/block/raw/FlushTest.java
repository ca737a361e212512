package vmm.block.raw;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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
import vmm.block.BlockOptions.Aio;
import vmm.block.BlockOptions.Cache;
import vmm.block.BlockOptions.Format;
import vmm.block.BlockQueue;
import vmm.block.TestRequest;
import vmm.block.raw.CacheModeTest.Place;
import vmm.event.EventLoop;
import vmm.event.EventLoops;
import vmm.linux.Errno;
import vmm.linux.FileIo;
import vmm.linux.HostException;

@Timeout(60)
class FlushTest {
    private static final int SIZE = 4 << 20;

    private final EventLoop first = EventLoops.start("first");
    private final EventLoop second = EventLoops.start("second");

    @TempDir
    Path folder;

    @AfterEach
    void end() {
        first.close();
        second.close();
    }

    /** A device that takes writes into the page cache and cannot store them: what is beneath it is full. */
    private interface WithFailingDevice {
        void run(TestImage device) throws Exception;
    }

    private void onFailingDevice(WithFailingDevice test) throws Exception {
        Path mount = Files.createDirectory(folder.resolve("mount"));
        assumeTrue(
                TestImage.run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mount.toString()) == 0,
                "mounting needs root");
        try {
            Path file = mount.resolve("device.img");
            try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
                access.setLength(SIZE);
            }
            try (TestImage device = TestImage.loop(file, 512)) {
                test.run(device);
            }
        } finally {
            assertEquals(0, TestImage.run("umount", mount.toString()));
        }
    }

    private static BlockOptions options(TestImage image, Cache cache) {
        return new BlockOptions(image.path(), false, Format.RAW, cache, Aio.AUTO, true);
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void afterALostWriteNoFlushSucceeds(Engine engine) throws Exception {
        onFailingDevice(device -> {
            RawDisk disk = RawDisk.open(options(device, Cache.WRITEBACK), engine);
            BlockQueue queue = disk.openQueue(first);
            BlockQueue otherQueue = disk.openQueue(second);
            // Accepted, since it is only copied to the page cache.
            assertEquals(0, TestRequest.write(0, new byte[SIZE]).run(first, queue));
            TestRequest flush = TestRequest.flush();
            // Not ENOSPC, which would be taken for something that ends when there is space.
            assertEquals(Errno.EIO, flush.run(first, queue));
            // The kernel has told it and would say no more of it, though the data is nowhere.
            assertEquals(0, FileIo.fdatasync(disk.fd()));
            assertEquals(flush.errno, TestRequest.flush().run(first, queue));
            assertEquals(flush.errno, TestRequest.flush().run(second, otherQueue));
            assertEquals(0, TestRequest.read(0, 4096).run(first, queue));
            HostException thrown = assertThrows(HostException.class, disk::close);
            assertTrue(String.valueOf(thrown.getMessage()).contains("check the storage and the image"));
        });
    }

    @Test
    void aStableWriteThatFailsMayBeAboutEarlierWrites() throws Exception {
        onFailingDevice(device -> {
            RawDisk disk = RawDisk.open(options(device, Cache.WRITEBACK));
            BlockQueue queue = disk.openQueue(first);
            assertEquals(0, TestRequest.write(0, new byte[SIZE]).run(first, queue));
            TestRequest stable = TestRequest.write(SIZE - 4096, new byte[4096]);
            stable.requireStable();
            assertEquals(Errno.EIO, stable.run(first, queue));
            assertEquals(Errno.EIO, TestRequest.flush().run(first, queue));
            assertThrows(HostException.class, disk::close);
        });
    }

    @Test
    void aWriteThroughToFullStorageFailsItself() throws Exception {
        onFailingDevice(device -> {
            RawDisk disk = RawDisk.open(options(device, Cache.WRITETHROUGH));
            BlockQueue queue = disk.openQueue(first);
            assertEquals(0, TestRequest.write(0, new byte[4096]).run(first, queue));
            assertNotEquals(0, TestRequest.write(0, new byte[SIZE]).run(first, queue));
            assertThrows(HostException.class, disk::close);
        });
    }

    @Test
    void withDirectIoAWriteFailsItselfAndFlushesGoOn() throws Exception {
        onFailingDevice(device -> {
            try (RawDisk disk = RawDisk.open(options(device, Cache.NONE))) {
                BlockQueue queue = disk.openQueue(first);
                assertNotEquals(0, TestRequest.write(0, new byte[SIZE]).run(first, queue));
                assertEquals(0, TestRequest.flush().run(first, queue));
                assertEquals(0, TestRequest.write(0, new byte[4096]).run(first, queue));
            }
        });
    }

    @Test
    void aStableWriteToAFullFileIsNothingButThat() throws Exception {
        Path mount = Files.createDirectory(folder.resolve("full"));
        assumeTrue(
                TestImage.run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", mount.toString()) == 0,
                "mounting needs root");
        try {
            Path file = mount.resolve("disk.img");
            try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
                access.setLength(SIZE);
            }
            try (RawDisk disk = RawDisk.open(file.toString(), false)) {
                BlockQueue queue = disk.openQueue(first);
                TestRequest stable = TestRequest.write(0, new byte[SIZE]);
                stable.requireStable();
                assertEquals(Errno.ENOSPC, stable.run(first, queue));
                assertEquals(0, TestRequest.flush().run(first, queue));
            }
        } finally {
            assertEquals(0, TestImage.run("umount", mount.toString()));
        }
    }

    @Test
    void flushesOfManyQueuesAreAllAnswered() throws Exception {
        try (TestImage image = TestImage.create(Place.TEMPORARY_FOLDER, folder, SIZE);
                RawDisk disk = RawDisk.open(image.path(), false)) {
            for (int round = 0; round < 50; round++) {
                List<TestRequest> requests = new ArrayList<>();
                for (EventLoop loop : List.of(first, second)) {
                    BlockQueue queue = disk.openQueue(loop);
                    List<TestRequest> own = new ArrayList<>();
                    for (int i = 0; i < 10; i++) {
                        own.add(TestRequest.write(i * 4096L, new byte[4096]));
                        own.add(TestRequest.flush());
                    }
                    loop.post(() -> own.forEach(queue::submit));
                    requests.addAll(own);
                }
                for (TestRequest request : requests) {
                    assertEquals(0, request.await());
                }
            }
        }
    }
}
