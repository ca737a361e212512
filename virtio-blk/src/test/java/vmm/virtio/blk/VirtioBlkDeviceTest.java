package vmm.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import vmm.block.BlockDevice;
import vmm.block.BlockQueue;
import vmm.block.BlockRequest;
import vmm.block.BlockRequest.Operation;
import vmm.block.DiskErrorListener;
import vmm.block.ErrorPolicy;
import vmm.block.ErrorPolicyDisk;
import vmm.block.FakeDisk;
import vmm.block.StorageLifetime;
import vmm.event.EventLoop;
import vmm.event.SteppedEventLoop;
import vmm.linux.Errno;
import vmm.virtio.Features;
import vmm.virtio.RingFeatures;
import vmm.virtio.driver.MockQueue;

@ParameterizedClass(name = "rings {0}")
@ValueSource(longs = {0, Features.RING_PACKED})
class VirtioBlkDeviceTest {
    private static final int SECTORS = 64;
    private static final BlkConfig CONFIG =
            BlkConfig.of("drive0", "SERIAL-1").withQueues(1, 16).withRings(RingFeatures.ALL);

    private final SteppedEventLoop loop = new SteppedEventLoop();
    private final FakeDisk disk = new FakeDisk(SECTORS * 512);
    private final VirtioBlkDevice device = new VirtioBlkDevice(loop, disk, CONFIG);
    private final long rings;
    private final BlkGuest guest;

    /** Runs on one layout. */
    VirtioBlkDeviceTest(long rings) {
        this.rings = rings;
        this.guest = new BlkGuest(loop, device).with(rings);
    }

    @AfterEach
    void close() {
        guest.close();
    }

    private MockQueue started() {
        return guest.start(BlkFeatures.FLUSH, 16);
    }

    private void fillDisk(int sector, int value) {
        disk.content().asSlice(sector * 512L, 512).fill((byte) value);
    }

    @Test
    void aReadFillsTheBufferAndCountsDataAndStatus() {
        MockQueue queue = started();
        fillDisk(3, 0x33);
        fillDisk(4, 0x44);
        assertEquals(BlkGuest.S_OK, guest.request(queue, BlkGuest.T_IN, 3, BlkGuest.DATA, 1024));
        assertEquals(1025, queue.usedLength());
        assertEquals(0x33, guest.memory.getByte(BlkGuest.DATA));
        assertEquals(0x33, guest.memory.getByte(BlkGuest.DATA + 511));
        assertEquals(0x44, guest.memory.getByte(BlkGuest.DATA + 512));
        assertEquals(0x44, guest.memory.getByte(BlkGuest.DATA + 1023));
        assertEquals(0, guest.memory.getByte(BlkGuest.DATA + 1024));
        assertEquals(List.of(new BlkCounters(1, 0, 0, 0, 0, 1024, 0, 0)), device.counters());
    }

    @Test
    void aWriteReachesTheDiskAndCountsTheStatusAlone() {
        MockQueue queue = started();
        guest.memory.putLong(BlkGuest.DATA, 0x0102030405060708L);
        assertEquals(BlkGuest.S_OK, guest.request(queue, BlkGuest.T_OUT, SECTORS - 1, BlkGuest.DATA, 512));
        assertEquals(1, queue.usedLength());
        assertEquals(0x0102030405060708L, disk.content().get(ValueLayout.JAVA_LONG_UNALIGNED, (SECTORS - 1) * 512L));
        assertEquals(List.of(new FakeDisk.Asked(Operation.WRITE, (SECTORS - 1) * 512L, 512)), disk.asked());
        assertEquals(List.of(new BlkCounters(0, 1, 0, 0, 0, 0, 512, 0)), device.counters());
    }

    @Test
    void aFlushReachesTheDisk() {
        MockQueue queue = started();
        assertEquals(BlkGuest.S_OK, guest.request(queue, BlkGuest.T_FLUSH, 0, 0, 0));
        assertEquals(1, queue.usedLength());
        assertEquals(List.of(new FakeDisk.Asked(Operation.FLUSH, 0, 0)), disk.asked());
        assertEquals(1, device.counters().getFirst().flushes());
    }

    @Test
    void aQueueThatComesWhileTheDeviceRunsServesAsWell() {
        guest.driver.negotiate(BlkFeatures.FLUSH);
        guest.driver.activate();
        loop.runUntilIdle();
        MockQueue queue = guest.driver.addQueue(0, 16);
        device.enableQueue(queue.setup());
        loop.runUntilIdle();
        fillDisk(3, 0x33);
        assertEquals(BlkGuest.S_OK, guest.request(queue, BlkGuest.T_IN, 3, BlkGuest.DATA, 512));
        assertEquals(0x33, guest.memory.getByte(BlkGuest.DATA));
    }

    @Test
    void theIdIsTheSerialPaddedWithZeros() {
        MockQueue queue = started();
        guest.memory.putLong(BlkGuest.DATA + 12, -1);
        assertEquals(BlkGuest.S_OK, guest.request(queue, BlkGuest.T_GET_ID, 0, BlkGuest.DATA, 20));
        assertEquals(21, queue.usedLength());
        byte[] id = new byte[20];
        guest.memory.read(BlkGuest.DATA, id, 0, 20);
        assertArrayEquals("SERIAL-1\0\0\0\0\0\0\0\0\0\0\0\0".getBytes(StandardCharsets.US_ASCII), id);
    }

    @Test
    void anIdIntoABufferOfAnotherSizeCountsNoByteThatWasNotWritten() {
        MockQueue queue = started();
        guest.memory.putByte(BlkGuest.DATA + 20, 0x55);
        assertEquals(BlkGuest.S_OK, guest.request(queue, BlkGuest.T_GET_ID, 0, BlkGuest.DATA, 30));
        assertEquals(20, queue.usedLength());
        assertEquals(0x55, guest.memory.getByte(BlkGuest.DATA + 20));
        assertEquals(BlkGuest.S_OK, guest.request(queue, BlkGuest.T_GET_ID, 0, BlkGuest.DATA + 64, 6));
        assertEquals(7, queue.usedLength());
        assertEquals('L', guest.memory.getByte(BlkGuest.DATA + 64 + 5));
        assertEquals(0, guest.memory.getByte(BlkGuest.DATA + 64 + 6));
    }

    @Test
    void theLifetimeIsTheStoragesOwn() {
        MockQueue queue = started();
        assertEquals(BlkGuest.S_UNSUPP, guest.request(queue, BlkGuest.T_GET_LIFETIME, 0, BlkGuest.DATA, 6));
        disk.wear(new StorageLifetime(2, 3, 11));
        guest.driver.reset();
        MockQueue again = guest.start(BlkFeatures.LIFETIME, 16);
        assertEquals(BlkGuest.S_OK, guest.request(again, BlkGuest.T_GET_LIFETIME, 0, BlkGuest.DATA, 6));
        assertEquals(7, again.usedLength());
        assertEquals(2, guest.memory.getShort(BlkGuest.DATA));
        assertEquals(3, guest.memory.getShort(BlkGuest.DATA + 2));
        assertEquals(11, guest.memory.getShort(BlkGuest.DATA + 4));
        assertEquals(BlkGuest.S_IOERR, guest.request(again, BlkGuest.T_GET_LIFETIME, 0, BlkGuest.DATA, 5));
    }

    @Test
    void anyOtherTypeIsUnsupported() {
        MockQueue queue = started();
        for (int type : new int[] {2, 3, 5, 6, 7, 9, 12, 15, 16, 24, 26, 0x100, -1, 0x8000_0000}) {
            assertEquals(BlkGuest.S_UNSUPP, guest.request(queue, type, 0, 0, 0), "type " + type);
            assertEquals(1, queue.usedLength());
        }
        assertTrue(disk.asked().isEmpty());
        assertEquals(14, device.counters().getFirst().errors());
    }

    @Test
    void whatDoesNotLieOnTheDiskIsAnErrorAndReachesNoDisk() {
        MockQueue queue = started();
        for (int type : new int[] {BlkGuest.T_IN, BlkGuest.T_OUT}) {
            for (long sector : new long[] {SECTORS, SECTORS - 1, Long.MAX_VALUE, -1, Long.MIN_VALUE, 1L << 55}) {
                assertEquals(BlkGuest.S_IOERR, guest.request(queue, type, sector, BlkGuest.DATA, 1024));
            }
        }
        assertTrue(disk.asked().isEmpty());
        assertNull(guest.driver.broken());
    }

    @Test
    void aLengthThatIsNoMultipleOf512IsAnError() {
        MockQueue queue = started();
        for (int length : new int[] {1, 511, 513}) {
            assertEquals(BlkGuest.S_IOERR, guest.request(queue, BlkGuest.T_IN, 0, BlkGuest.DATA, length));
            assertEquals(0, queue.usedLength());
            assertEquals(BlkGuest.S_IOERR, guest.request(queue, BlkGuest.T_OUT, 0, BlkGuest.DATA, length));
            assertEquals(1, queue.usedLength());
        }
        assertTrue(disk.asked().isEmpty());
    }

    @Test
    void aDiskWithLargeBlocksTakesWholeBlocksOnly() {
        VirtioBlkDevice large = new VirtioBlkDevice(
                loop,
                disk,
                BlkConfig.of("drive1", "").withLayout(BlkLayout.of(4096, 4096)).withRings(RingFeatures.ALL));
        try (BlkGuest other = new BlkGuest(loop, large).with(rings)) {
            MockQueue queue = other.start(BlkFeatures.FLUSH, 16);
            for (int type : new int[] {BlkGuest.T_IN, BlkGuest.T_OUT}) {
                assertEquals(BlkGuest.S_OK, other.request(queue, type, 8, BlkGuest.DATA, 8192));
                assertEquals(BlkGuest.S_IOERR, other.request(queue, type, 1, BlkGuest.DATA, 4096));
                assertEquals(BlkGuest.S_IOERR, other.request(queue, type, 8, BlkGuest.DATA, 512));
                assertEquals(BlkGuest.S_IOERR, other.request(queue, type, 0, BlkGuest.DATA, 4096 + 512));
            }
            assertEquals(2, disk.asked().size());
        }
    }

    /** A disk whose first half can be read. */
    private final class HalfBrokenDisk implements BlockDevice {
        @Override
        public long size() {
            return disk.size();
        }

        @Override
        public boolean readOnly() {
            return false;
        }

        @Override
        public String name() {
            return "half";
        }

        @Override
        public void close() {}

        @Override
        public BlockQueue openQueue(EventLoop opener) {
            return request -> {
                long half = request.begin(this) == 0 ? request.length() / 2 : 0;
                MemorySegment source = disk.content().asSlice(request.offset(), half);
                request.data().truncate(half);
                request.data().copyFrom(source, 0);
                request.end(Errno.EIO, half);
            };
        }
    }

    @Test
    void aReadThatFailedHalfWayCountsWhatItRead() {
        fillDisk(0, 7);
        try (BlkGuest other = new BlkGuest(loop, new VirtioBlkDevice(loop, new HalfBrokenDisk(), CONFIG)).with(rings)) {
            MockQueue queue = other.start(BlkFeatures.FLUSH, 16);
            assertEquals(BlkGuest.S_IOERR, other.request(queue, BlkGuest.T_IN, 0, BlkGuest.DATA, 1024));
            assertEquals(512, queue.usedLength());
            assertEquals(7, other.memory.getByte(BlkGuest.DATA + 511));
            assertEquals(BlkGuest.S_IOERR, other.request(queue, BlkGuest.T_OUT, 0, BlkGuest.DATA, 1024));
            assertEquals(1, queue.usedLength());
        }
    }

    @Test
    void aResetEndsWhatWaitsForARemedy() {
        ErrorPolicyDisk waiting = new ErrorPolicyDisk(
                disk, new ErrorPolicy(ErrorPolicy.Action.STOP, ErrorPolicy.Action.STOP), new Silence());
        try (BlkGuest other = new BlkGuest(loop, new VirtioBlkDevice(loop, waiting, CONFIG)).with(rings)) {
            disk.failAt(0, 512, Errno.EIO);
            for (int round = 0; round < 3; round++) {
                MockQueue queue = other.start(BlkFeatures.FLUSH, 16);
                other.putHeader(BlkGuest.HEADER, BlkGuest.T_IN, 0);
                queue.readable(BlkGuest.HEADER, 16)
                        .writable(BlkGuest.DATA, 512)
                        .writable(BlkGuest.STATUS, 1)
                        .offer();
                queue.kick();
                loop.runUntilIdle();
                assertFalse(queue.collect());
                other.driver.reset();
                other.rewind();
            }
        }
    }

    private static final class Silence implements DiskErrorListener {
        @Override
        public void held(ErrorPolicyDisk troubled, Operation operation, int errno) {}

        @Override
        public void released(ErrorPolicyDisk healed, int errno) {}
    }

    @Test
    void aDiskErrorIsAnErrorAndCountsNoData() {
        MockQueue queue = started();
        disk.failAt(1024, 1, Errno.EIO);
        assertEquals(BlkGuest.S_IOERR, guest.request(queue, BlkGuest.T_IN, 1, BlkGuest.DATA, 1024));
        assertEquals(0, queue.usedLength());
        assertEquals(BlkGuest.S_IOERR, guest.request(queue, BlkGuest.T_OUT, 2, BlkGuest.DATA, 512));
        disk.failFlushes(Errno.ENOSPC);
        assertEquals(BlkGuest.S_IOERR, guest.request(queue, BlkGuest.T_FLUSH, 0, 0, 0));
        disk.repair();
        assertEquals(BlkGuest.S_OK, guest.request(queue, BlkGuest.T_IN, 1, BlkGuest.DATA, 1024));
        assertEquals(List.of(new BlkCounters(2, 1, 1, 0, 0, 1024, 0, 3)), device.counters());
    }

    @Test
    void aRequestWithoutRoomForItsStatusBreaksTheDevice() {
        MockQueue queue = started();
        guest.putHeader(BlkGuest.HEADER, BlkGuest.T_FLUSH, 0);
        queue.readable(BlkGuest.HEADER, 16).offer();
        queue.kick();
        loop.runUntilIdle();
        assertNotNull(guest.driver.broken());
        assertFalse(queue.collect());
        assertTrue(disk.asked().isEmpty());
    }

    @Test
    void aHeaderThatIsTooShortIsAnError() {
        MockQueue queue = started();
        guest.memory.putByte(BlkGuest.STATUS, BlkGuest.NO_STATUS);
        assertEquals(
                BlkGuest.S_IOERR,
                guest.answer(
                        queue,
                        queue.readable(BlkGuest.HEADER, 15)
                                .writable(BlkGuest.STATUS, 1)
                                .offer()));
        guest.memory.putByte(BlkGuest.STATUS, BlkGuest.NO_STATUS);
        assertEquals(
                BlkGuest.S_IOERR,
                guest.answer(queue, queue.writable(BlkGuest.STATUS, 1).offer()));
        assertNull(guest.driver.broken());
    }

    @Test
    void headerDataAndStatusMayShareBuffersInAnyCut() {
        MockQueue queue = guest.start(BlkFeatures.FLUSH | Features.RING_INDIRECT_DESC, 16);
        // 7 + 9 bytes of header, the data cut in three, the last one with the status in the same buffer.
        fillDisk(5, 0x77);
        guest.putHeader(BlkGuest.HEADER, BlkGuest.T_IN, 5);
        long last = BlkGuest.STATUS - 12;
        queue.readable(BlkGuest.HEADER, 7)
                .readable(BlkGuest.HEADER + 7, 9)
                .writable(BlkGuest.DATA, 1)
                .writable(BlkGuest.DATA + 1, 499)
                .writable(last, 13);
        assertEquals(BlkGuest.S_OK, guest.answer(queue, queue.offerIndirect(0xa0000)));
        assertEquals(513, queue.usedLength());
        assertEquals(0x77, guest.memory.getByte(BlkGuest.DATA));
        assertEquals(0x77, guest.memory.getByte(BlkGuest.DATA + 499));
        assertEquals(0, guest.memory.getByte(BlkGuest.DATA + 500));
        assertEquals(0x77, guest.memory.getByte(last));
        assertEquals(0x77, guest.memory.getByte(last + 11));

        // Header and data to write in one buffer.
        guest.putHeader(BlkGuest.DATA, BlkGuest.T_OUT, 6);
        guest.memory.putByte(BlkGuest.DATA + 16, 0x66);
        queue.readable(BlkGuest.DATA, 16 + 512).writable(BlkGuest.STATUS, 1);
        assertEquals(BlkGuest.S_OK, guest.answer(queue, queue.offer()));
        assertEquals(0x66, disk.content().get(ValueLayout.JAVA_BYTE, 6 * 512));
    }

    @Test
    void aReadOrWriteOfNothingIsDone() {
        MockQueue queue = started();
        assertEquals(BlkGuest.S_OK, guest.request(queue, BlkGuest.T_IN, 0, 0, 0));
        assertEquals(BlkGuest.S_OK, guest.request(queue, BlkGuest.T_OUT, SECTORS, 0, 0));
        assertEquals(1, queue.usedLength());
    }

    @Test
    void answersComeInTheOrderInWhichTheDiskGivesThem() {
        MockQueue queue = started();
        disk.hold();
        guest.putHeader(BlkGuest.HEADER, BlkGuest.T_IN, 0);
        int first = queue.readable(BlkGuest.HEADER, 16)
                .writable(BlkGuest.DATA, 512)
                .writable(BlkGuest.STATUS, 1)
                .offer();
        int second = queue.readable(BlkGuest.HEADER, 16)
                .writable(BlkGuest.DATA, 512)
                .writable(BlkGuest.STATUS + 1, 1)
                .offer();
        queue.kick();
        loop.runUntilIdle();
        assertEquals(2, disk.held());
        assertFalse(queue.collect());
        loop.post(() -> {
            disk.releaseLast();
            disk.releaseOne();
        });
        loop.runUntilIdle();
        assertTrue(queue.collect());
        assertEquals(second, queue.usedHead());
        assertTrue(queue.collect());
        assertEquals(first, queue.usedHead());
        assertEquals(1, queue.interrupts());
    }

    @Test
    void aReadOnlyDiskSaysSoAndRefusesWrites() {
        FakeDisk readOnlyDisk = new FakeDisk(4096, true);
        SteppedEventLoop own = new SteppedEventLoop();
        VirtioBlkDevice readOnly = new VirtioBlkDevice(own, readOnlyDisk, CONFIG);
        assertNotEquals(0, readOnly.features() & BlkFeatures.RO);
        assertEquals(0, device.features() & BlkFeatures.RO);
        try (BlkGuest other = new BlkGuest(own, readOnly).with(rings)) {
            MockQueue queue = other.start(BlkFeatures.FLUSH, 16);
            assertEquals(BlkGuest.S_IOERR, other.request(queue, BlkGuest.T_OUT, 0, BlkGuest.DATA, 512));
            assertTrue(readOnlyDisk.asked().isEmpty());
            assertEquals(BlkGuest.S_OK, other.request(queue, BlkGuest.T_IN, 0, BlkGuest.DATA, 512));
            assertEquals(BlkGuest.S_OK, other.request(queue, BlkGuest.T_FLUSH, 0, 0, 0));
        }
    }

    @Test
    void severalQueuesAreOfferedAndCountedApart() {
        BlkConfig config = BlkConfig.of("drive0", "").withQueues(2, 16).withRings(RingFeatures.ALL);
        SteppedEventLoop own = new SteppedEventLoop();
        VirtioBlkDevice multi = new VirtioBlkDevice(own, disk, config);
        assertNotEquals(0, multi.features() & BlkFeatures.MQ);
        assertEquals(0, device.features() & BlkFeatures.MQ);
        try (BlkGuest other = new BlkGuest(own, multi).with(rings)) {
            other.driver.negotiate(~Features.RING_PACKED | rings);
            MockQueue first = other.driver.addQueue(0, 16);
            MockQueue second = other.driver.addQueue(1, 8);
            other.driver.activate();
            own.runUntilIdle();
            assertEquals(BlkGuest.S_OK, other.request(second, BlkGuest.T_IN, 0, BlkGuest.DATA, 512));
            assertEquals(BlkGuest.S_OK, other.request(second, BlkGuest.T_IN, 0, BlkGuest.DATA, 512));
            assertEquals(BlkGuest.S_OK, other.request(first, BlkGuest.T_OUT, 0, BlkGuest.DATA, 512));
            assertEquals(
                    List.of(new BlkCounters(0, 1, 0, 0, 0, 0, 512, 0), new BlkCounters(2, 0, 0, 0, 0, 1024, 0, 0)),
                    multi.counters());
        }
    }

    @Test
    void aDeviceStartsAgainAfterAReset() {
        MockQueue queue = started();
        assertEquals(BlkGuest.S_OK, guest.request(queue, BlkGuest.T_IN, 0, BlkGuest.DATA, 512));
        guest.driver.reset();
        MockQueue again = started();
        assertEquals(BlkGuest.S_OK, guest.request(again, BlkGuest.T_IN, 0, BlkGuest.DATA, 512));
        assertEquals(2, device.counters().getFirst().reads());
    }

    @Test
    void aDiskThatFailsWhileARequestGoesOnBreaksTheDeviceAndAResetStillEnds() {
        SteppedEventLoop own = new SteppedEventLoop();
        DefectiveDisk defective = new DefectiveDisk();
        VirtioBlkDevice other = new VirtioBlkDevice(own, defective, CONFIG.withSecureErase(true));
        try (BlkGuest eraser = new BlkGuest(own, other).with(rings)) {
            MockQueue queue = eraser.start(BlkFeatures.SECURE_ERASE, 16);
            eraser.putHeader(BlkGuest.HEADER, BlkGuest.T_SECURE_ERASE, 0);
            eraser.memory.putLong(BlkGuest.DATA, 0);
            eraser.memory.putLong(BlkGuest.DATA + 8, 1);
            queue.readable(BlkGuest.HEADER, 16)
                    .readable(BlkGuest.DATA, 16)
                    .writable(BlkGuest.STATUS, 1)
                    .offer();
            queue.kick();
            own.runUntilIdle();
            BlockRequest write = Objects.requireNonNull(defective.write);
            own.post(() -> write.completed(0));
            own.runUntilIdle();
            assertNotNull(eraser.driver.broken());
            other.reset();
            assertEquals(0, queue.used());
        }
    }

    /** Keeps a write, and fails on a flush as only a program does that has a defect. */
    private static final class DefectiveDisk implements BlockDevice {
        private @Nullable BlockRequest write;

        @Override
        public long size() {
            return SECTORS * 512L;
        }

        @Override
        public boolean readOnly() {
            return false;
        }

        @Override
        public String name() {
            return "defective";
        }

        @Override
        public BlockQueue openQueue(EventLoop loop) {
            return request -> {
                if (request.operation() != Operation.WRITE) {
                    throw new IllegalStateException("a defect");
                }
                write = request;
            };
        }

        @Override
        public void close() {}
    }
}
