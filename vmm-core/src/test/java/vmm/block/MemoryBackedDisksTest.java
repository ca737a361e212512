package vmm.block;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import vmm.block.BlockRequest.Operation;
import vmm.block.ExtentMap.Stretch;
import vmm.block.ExtentQuery.State;
import vmm.event.SteppedEventLoop;
import vmm.linux.Errno;
import vmm.linux.HostException;

class MemoryBackedDisksTest {
    private static final byte[] PATTERN = {1, 2, 3, 4, 5, 6, 7, 8};

    private final SteppedEventLoop loop = new SteppedEventLoop();

    @Test
    void aMemoryDiskGivesBackWhatWasWritten() {
        try (BlockDevice disk = BlockDevices.open("mem:1M", false)) {
            assertEquals(1 << 20, disk.size());
            assertEquals("mem:1M", disk.name());
            BlockQueue queue = disk.openQueue(loop);
            assertArrayEquals(new byte[512], read(queue, 512, 512));
            byte[] bytes = new byte[1536];
            new Random(3).nextBytes(bytes);
            TestRequest write = TestRequest.write(1024, bytes);
            write.scatter(new Random(4), 7);
            assertEquals(0, ask(queue, write));
            TestRequest read = TestRequest.read(1024, 1536);
            read.scatter(new Random(5), 5);
            assertEquals(0, ask(queue, read));
            assertArrayEquals(bytes, read.memory.toArray(ValueLayout.JAVA_BYTE));
            assertEquals(Errno.EINVAL, ask(queue, TestRequest.read(1 << 20, 512)));
        }
    }

    @Test
    void memoryThatMayBeUnmappedIsGivenBackByThePage() {
        try (BlockDevice disk = BlockDevices.open("mem:64K", false)) {
            BlockQueue queue = disk.openQueue(loop);
            byte[] ones = new byte[64 << 10];
            Arrays.fill(ones, (byte) 1);
            assertEquals(List.of(new Stretch(State.DEALLOCATED, 64 << 10)), ExtentMap.of(disk));
            assertEquals(0, ask(queue, TestRequest.write(0, ones)));
            assertEquals(List.of(new Stretch(State.ALLOCATED, 64 << 10)), ExtentMap.of(disk));

            assertEquals(0, ask(queue, TestRequest.range(Operation.WRITE_ZEROES, 512, 3 * 4096, true)));

            Arrays.fill(ones, 512, 512 + 3 * 4096, (byte) 0);
            assertArrayEquals(ones, read(queue, 0, ones.length));
            assertEquals(
                    List.of(
                            new Stretch(State.ALLOCATED, 4096),
                            new Stretch(State.DEALLOCATED, 2 * 4096),
                            new Stretch(State.ALLOCATED, 13 * 4096)),
                    ExtentMap.of(disk));
        }
    }

    @Test
    void aNullDiskReadsZerosWhateverWasWritten() {
        try (BlockDevice disk = BlockDevices.open("null:4T", false)) {
            BlockQueue queue = disk.openQueue(loop);
            assertEquals(0, ask(queue, TestRequest.write(1L << 40, PATTERN)));
            TestRequest read = TestRequest.read(1L << 40, 8);
            read.memory.fill((byte) 9);
            assertEquals(0, ask(queue, read));
            assertArrayEquals(new byte[8], read.memory.toArray(ValueLayout.JAVA_BYTE));
            assertEquals(0, ask(queue, TestRequest.flush()));
            assertEquals(Errno.EINVAL, ask(queue, TestRequest.write(4L << 40, PATTERN)));
        }
    }

    @Test
    void readOnlyDisksRefuseWrites() {
        for (String source : List.of("mem:1M", "null:1M")) {
            try (BlockDevice disk = BlockDevices.open(source, true)) {
                assertTrue(disk.readOnly());
                assertEquals(Errno.EROFS, ask(disk.openQueue(loop), TestRequest.write(0, PATTERN)));
            }
        }
    }

    @Test
    void badSizesAreRefusedWithASentence() {
        assertEquals(
                "Disk mem:lots: 'lots' is no size: write a whole number of bytes, or one with K, M, G or T, as 512M.",
                refusal("mem:lots"));
        assertEquals("Disk null:0 is empty: give it a size, as in null:10G.", refusal("null:0"));
        assertEquals(
                "Disk null:1000 has 1000 bytes, which is no multiple of 512: write null:1024.", refusal("null:1000"));
        assertTrue(refusal("mem:8388607T").startsWith("Disk mem:8388607T: Cannot reserve"), refusal("mem:8388607T"));
    }

    private static String refusal(String source) {
        return String.valueOf(assertThrows(HostException.class, () -> BlockDevices.open(source, false))
                .getMessage());
    }

    @Test
    void aFakeDiskFailsWhereItIsToldTo() {
        FakeDisk disk = new FakeDisk(1 << 16);
        BlockQueue queue = disk.openQueue(loop);
        disk.failAt(4096, 512, Errno.EIO);
        disk.failFlushes(Errno.ENOSPC);
        assertEquals(0, ask(queue, TestRequest.read(0, 4096)));
        assertEquals(Errno.EIO, ask(queue, TestRequest.read(0, 4097)));
        assertEquals(Errno.EIO, ask(queue, TestRequest.write(4607, PATTERN)));
        assertEquals(0, ask(queue, TestRequest.write(4608, PATTERN)));
        assertEquals(Errno.ENOSPC, ask(queue, TestRequest.flush()));
        disk.repair();
        assertEquals(0, ask(queue, TestRequest.read(4096, 512)));
        assertEquals(0, ask(queue, TestRequest.flush()));
        assertEquals(new FakeDisk.Asked(Operation.READ, 0, 4096), disk.asked().getFirst());
        assertEquals(7, disk.asked().size());
        assertEquals(3, disk.content().get(ValueLayout.JAVA_BYTE, 4610));
    }

    @Test
    void aFakeDiskHoldsRequestsUntilTold() {
        FakeDisk disk = new FakeDisk(1 << 16);
        BlockQueue queue = disk.openQueue(loop);
        disk.hold();
        TestRequest first = TestRequest.write(0, PATTERN);
        TestRequest second = TestRequest.read(0, 8);
        TestRequest third = TestRequest.flush();
        List.of(first, second, third).forEach(queue::submit);
        assertEquals(3, disk.held());
        assertTrue(disk.releaseLast());
        assertEquals(0, third.errno);
        assertEquals(TestRequest.NOT_YET, first.errno);
        assertTrue(disk.releaseOne());
        assertEquals(0, first.errno);
        disk.release();
        assertArrayEquals(PATTERN, second.memory.toArray(ValueLayout.JAVA_BYTE));
        assertFalse(disk.releaseOne());
    }

    private static byte[] read(BlockQueue queue, long offset, int size) {
        TestRequest request = TestRequest.read(offset, size);
        assertEquals(0, ask(queue, request));
        return request.memory.toArray(ValueLayout.JAVA_BYTE);
    }

    /** Submits to a disk that answers at once. */
    private static int ask(BlockQueue queue, TestRequest request) {
        queue.submit(request);
        return request.errno;
    }
}
