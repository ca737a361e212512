package vmm.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import vmm.block.BlockRequest.Operation;
import vmm.block.FakeDisk;
import vmm.block.FakeDisk.Asked;
import vmm.block.NullDisk;
import vmm.event.SteppedEventLoop;
import vmm.linux.Errno;
import vmm.virtio.blk.BlkGuest.Range;
import vmm.virtio.driver.MockQueue;

/** Discard, write zeroes and secure erase (virtio 1.3 5.2.6). */
class RangeRequestTest {
    private static final long SECTORS = 8192;
    private static final long ALL =
            BlkFeatures.FLUSH | BlkFeatures.DISCARD | BlkFeatures.WRITE_ZEROES | BlkFeatures.SECURE_ERASE;
    private static final int[] TYPES = {BlkGuest.T_DISCARD, BlkGuest.T_WRITE_ZEROES, BlkGuest.T_SECURE_ERASE};

    private final SteppedEventLoop loop = new SteppedEventLoop();
    private final FakeDisk disk = new FakeDisk(SECTORS * 512);
    private final VirtioBlkDevice device = new VirtioBlkDevice(
            loop, disk, BlkConfig.of("drive0", "").withSecureErase(true).withQueues(1, 128));
    private final BlkGuest guest = new BlkGuest(loop, device);

    @AfterEach
    void close() {
        guest.close();
    }

    private byte at(long sector) {
        return disk.content().get(ValueLayout.JAVA_BYTE, sector * 512);
    }

    @Test
    void aDiscardReachesTheDiskRangeByRange() {
        MockQueue queue = guest.start(ALL, 16);
        disk.content().fill((byte) 1);
        assertEquals(
                BlkGuest.S_OK, guest.ranges(queue, BlkGuest.T_DISCARD, new Range(8, 16), new Range(SECTORS - 1, 1)));
        assertEquals(1, queue.usedLength());
        assertEquals(
                List.of(
                        new Asked(Operation.DISCARD, 8 * 512, 16 * 512),
                        new Asked(Operation.DISCARD, (SECTORS - 1) * 512, 512)),
                disk.asked());
        assertEquals(FakeDisk.DISCARDED, at(8));
        assertEquals(1, at(7));
        assertEquals(1, at(24));
        assertEquals(1, device.counters().getFirst().discards());
    }

    @Test
    void zeroesAreWrittenAndMayUnmapIfTheDriverSaysSo() {
        MockQueue queue = guest.start(ALL, 16);
        disk.content().fill((byte) 1);
        assertEquals(BlkGuest.S_OK, guest.ranges(queue, BlkGuest.T_WRITE_ZEROES, new Range(0, 1), new Range(2, 1, 1)));
        assertEquals(
                List.of(
                        new Asked(Operation.WRITE_ZEROES, 0, 512, false, false),
                        new Asked(Operation.WRITE_ZEROES, 1024, 512, false, true)),
                disk.asked());
        assertEquals(0, at(0));
        assertEquals(1, at(1));
        assertEquals(0, at(2));
        assertEquals(1, device.counters().getFirst().zeroings());
    }

    @Test
    void aSecureEraseOverwritesAndFlushes() {
        MockQueue queue = guest.start(ALL, 16);
        disk.content().fill((byte) 1);
        assertEquals(
                BlkGuest.S_OK, guest.ranges(queue, BlkGuest.T_SECURE_ERASE, new Range(1, 5000), new Range(8000, 2)));
        assertEquals(
                List.of(
                        new Asked(Operation.WRITE, 512, 1 << 20),
                        new Asked(Operation.WRITE, 512 + (1 << 20), 1 << 20),
                        new Asked(Operation.WRITE, 512 + (2 << 20), (5000 - 4096) * 512),
                        new Asked(Operation.WRITE, 8000 * 512, 1024),
                        new Asked(Operation.FLUSH, 0, 0)),
                disk.asked());
        assertEquals(1, at(0));
        assertEquals(0, at(1));
        assertEquals(0, at(5000));
        assertEquals(1, at(5001));
        assertEquals(0, at(8001));
        disk.failFlushes(Errno.EIO);
        assertEquals(BlkGuest.S_IOERR, guest.ranges(queue, BlkGuest.T_SECURE_ERASE, new Range(1, 1)));
    }

    @Test
    void aSecureEraseWhoseListLinuxLetsTheDeviceWriteIsDoneAllTheSame() {
        MockQueue queue = guest.start(ALL, 16);
        disk.content().fill((byte) 1);
        assertEquals(BlkGuest.S_OK, guest.reversedRanges(queue, BlkGuest.T_SECURE_ERASE, new Range(3, 2)));
        assertEquals(
                List.of(new Asked(Operation.WRITE, 3 * 512, 1024), new Asked(Operation.FLUSH, 0, 0)), disk.asked());
        for (int type : new int[] {BlkGuest.T_DISCARD, BlkGuest.T_WRITE_ZEROES}) {
            assertEquals(BlkGuest.S_IOERR, guest.reversedRanges(queue, type, new Range(3, 2)));
        }
    }

    @Test
    void aRequestOfManyPiecesNeedsNoMoreStackThanOneOfOne() {
        NullDisk huge = new NullDisk("null", 2L << 30, false);
        VirtioBlkDevice erasing =
                new VirtioBlkDevice(loop, huge, BlkConfig.of("drive1", "").withSecureErase(true));
        try (BlkGuest other = new BlkGuest(loop, erasing)) {
            MockQueue queue = other.start(ALL, 16);
            Range[] ranges = new Range[64];
            Arrays.fill(ranges, new Range(0, 1 << 22));
            assertEquals(BlkGuest.S_OK, other.ranges(queue, BlkGuest.T_SECURE_ERASE, ranges));
        }
    }

    @Test
    void unknownFlagsAreUnsupportedAndNothingIsDone() {
        MockQueue queue = guest.start(ALL, 16);
        for (int type : TYPES) {
            for (int flags : new int[] {2, 0x8000_0000, 3}) {
                assertEquals(
                        BlkGuest.S_UNSUPP,
                        guest.ranges(queue, type, new Range(0, 1), new Range(1, 1, flags)),
                        "type " + type);
            }
        }
        assertEquals(BlkGuest.S_UNSUPP, guest.ranges(queue, BlkGuest.T_DISCARD, new Range(0, 1, 1)));
        assertEquals(BlkGuest.S_UNSUPP, guest.ranges(queue, BlkGuest.T_SECURE_ERASE, new Range(0, 1, 1)));
        // The flag counts more than the range.
        assertEquals(BlkGuest.S_UNSUPP, guest.ranges(queue, BlkGuest.T_DISCARD, new Range(SECTORS, 1, 2)));
        assertTrue(disk.asked().isEmpty());
    }

    @Test
    void rangesThatDoNotFitAreErrorsAndNothingIsDone() {
        MockQueue queue = guest.start(ALL, 16);
        for (int type : TYPES) {
            for (Range range : List.of(
                    new Range(SECTORS, 1),
                    new Range(SECTORS - 1, 2),
                    new Range(-1, 1),
                    new Range(1L << 55, 1),
                    new Range(0, (1 << 22) + 1),
                    new Range(0, 0xffff_ffffL))) {
                assertEquals(BlkGuest.S_IOERR, guest.ranges(queue, type, new Range(0, 1), range), "" + range);
            }
            assertEquals(BlkGuest.S_IOERR, guest.ranges(queue, type));
            assertEquals(BlkGuest.S_IOERR, guest.request(queue, type, 0, BlkGuest.DATA, 15));
            assertEquals(BlkGuest.S_IOERR, guest.request(queue, type, 0, BlkGuest.DATA, 17));
            assertEquals(BlkGuest.S_IOERR, guest.request(queue, type, 0, BlkGuest.DATA, 65 * 16));
        }
        assertTrue(disk.asked().isEmpty());
        assertNull(guest.driver.broken());
    }

    @Test
    void anEmptyRangeIsDone() {
        MockQueue queue = guest.start(ALL, 16);
        assertEquals(BlkGuest.S_OK, guest.ranges(queue, BlkGuest.T_DISCARD, new Range(SECTORS, 0)));
        assertEquals(
                BlkGuest.S_OK,
                guest.ranges(queue, BlkGuest.T_WRITE_ZEROES, new Range(0, 0), new Range(3, 1), new Range(0, 0)));
        assertEquals(List.of(new Asked(Operation.WRITE_ZEROES, 1536, 512)), disk.asked());
    }

    @Test
    void anErrorEndsTheRequest() {
        MockQueue queue = guest.start(ALL, 16);
        disk.failAt(512, 512, Errno.EIO);
        for (int type : TYPES) {
            assertEquals(
                    BlkGuest.S_IOERR, guest.ranges(queue, type, new Range(0, 1), new Range(1, 1), new Range(2, 1)));
        }
        assertEquals(6, disk.asked().size());
        disk.repair();
        disk.failAt(512, 512, Errno.EOPNOTSUPP);
        assertEquals(BlkGuest.S_UNSUPP, guest.ranges(queue, BlkGuest.T_WRITE_ZEROES, new Range(1, 1)));
        // A discard is a hint.
        assertEquals(BlkGuest.S_OK, guest.ranges(queue, BlkGuest.T_DISCARD, new Range(1, 1)));
        assertEquals(4, device.counters().getFirst().errors());
    }

    @Test
    void whatWasNotAgreedOnIsUnsupported() {
        MockQueue queue = guest.start(BlkFeatures.FLUSH, 16);
        for (int type : TYPES) {
            assertEquals(BlkGuest.S_UNSUPP, guest.ranges(queue, type, new Range(0, 1)));
        }
        assertTrue(disk.asked().isEmpty());
    }

    @Test
    void rangesOfADiskWithLargeBlocksAreWholeBlocks() {
        VirtioBlkDevice large =
                new VirtioBlkDevice(loop, disk, BlkConfig.of("drive1", "").withLayout(BlkLayout.of(4096, 4096)));
        try (BlkGuest other = new BlkGuest(loop, large)) {
            MockQueue queue = other.start(ALL, 16);
            assertEquals(BlkGuest.S_OK, other.ranges(queue, BlkGuest.T_DISCARD, new Range(8, 8)));
            assertEquals(BlkGuest.S_IOERR, other.ranges(queue, BlkGuest.T_DISCARD, new Range(8, 7)));
            assertEquals(BlkGuest.S_IOERR, other.ranges(queue, BlkGuest.T_DISCARD, new Range(7, 8)));
        }
    }

    @Test
    void theListIsReadOnce() {
        MockQueue queue = guest.start(ALL, 16);
        disk.hold();
        guest.memory.putLong(BlkGuest.DATA, 1);
        guest.memory.putInt(BlkGuest.DATA + 8, 1);
        guest.memory.putInt(BlkGuest.DATA + 12, 0);
        guest.memory.putLong(BlkGuest.DATA + 16, 2);
        guest.memory.putInt(BlkGuest.DATA + 24, 1);
        guest.memory.putInt(BlkGuest.DATA + 28, 0);
        guest.putHeader(BlkGuest.HEADER, BlkGuest.T_DISCARD, 0);
        queue.readable(BlkGuest.HEADER, 16)
                .readable(BlkGuest.DATA, 32)
                .writable(BlkGuest.STATUS, 1)
                .offer();
        queue.kick();
        loop.runUntilIdle();
        guest.memory.putLong(BlkGuest.DATA + 16, SECTORS);
        assertFalse(queue.collect());
        loop.post(disk::release);
        loop.runUntilIdle();
        assertTrue(queue.collect());
        assertEquals(BlkGuest.S_OK, guest.memory.getByte(BlkGuest.STATUS));
        assertEquals(1024, disk.asked().getLast().offset());
    }
}
