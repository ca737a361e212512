package vmm.scsi.block;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import vmm.block.BlockDevice;
import vmm.block.BlockDevices;
import vmm.block.BlockRequest.Operation;
import vmm.block.FakeDisk;
import vmm.event.EventLoop;
import vmm.event.EventLoops;
import vmm.scsi.DiskIdentity;
import vmm.scsi.Initiator;
import vmm.scsi.ItNexus;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTarget;
import vmm.scsi.ScsiTask;
import vmm.scsi.TaskAttribute;
import vmm.scsi.primary.PrimaryUnits;

/** Nobody sees a COMPARE AND WRITE half done. */
class ExclusiveRangesTest {
    private static final int BLOCK = 512;

    private final FakeDisk medium = new FakeDisk(1 << 20);
    private final ScsiDisk disk = Initiator.disk(medium);
    private final Initiator one = Initiator.of(disk);
    private final Initiator other = Initiator.of(disk);

    private static Initiator.Task start(Initiator from, String cdb, int out, int in) {
        return from.start(0, HexFormat.ofDelimiter(" ").parseHex(cdb), new byte[out], in, 1);
    }

    private static Initiator.Task compareAndWrite(Initiator from, int lba) {
        return start(from, "89 00 00 00 00 00 00 00 00 %02x 00 00 00 02 00 00".formatted(lba), 4 * BLOCK, 0);
    }

    private static Initiator.Task write(Initiator from, int lba) {
        return start(from, "2a 00 00 00 00 %02x 00 00 01 00".formatted(lba), BLOCK, 0);
    }

    private static Initiator.Task read(Initiator from, int lba) {
        return start(from, "28 00 00 00 00 %02x 00 00 01 00".formatted(lba), 0, BLOCK);
    }

    private void settle() {
        one.loop.runUntilIdle();
        other.loop.runUntilIdle();
    }

    private List<Operation> asked() {
        return medium.asked().stream().map(FakeDisk.Asked::operation).toList();
    }

    @Test
    void readsAndWritesOfTheSameBlocksWaitForItsEnd() {
        medium.hold();
        Initiator.Task exclusive = compareAndWrite(one, 4);
        settle();
        Initiator.Task write = write(other, 5);
        Initiator.Task read = read(one, 4);
        settle();
        assertEquals(List.of(Operation.READ), asked());

        medium.releaseOne();
        settle();
        assertEquals(List.of(Operation.READ, Operation.WRITE), asked());

        medium.release();
        settle();
        assertTrue(exclusive.ended() && write.ended() && read.ended());
        assertEquals(4, asked().size());
    }

    @Test
    void otherBlocksDoNotWait() {
        medium.hold();
        compareAndWrite(one, 4);
        settle();
        write(other, 6);
        read(one, 3);
        settle();

        assertEquals(List.of(Operation.READ, Operation.WRITE, Operation.READ), asked());
        medium.release();
        settle();
    }

    @Test
    void itWaitsItselfForWhatHasBegun() {
        medium.hold();
        Initiator.Task write = write(other, 5);
        Initiator.Task read = read(one, 5);
        Initiator.Task exclusive = compareAndWrite(one, 4);
        settle();
        assertEquals(List.of(Operation.WRITE, Operation.READ), asked());

        medium.releaseOne();
        settle();
        assertEquals(2, asked().size());

        medium.release();
        settle();
        assertTrue(write.ended() && read.ended() && exclusive.ended());
    }

    @Test
    void twoOfThemTakeTurns() {
        medium.hold();
        Initiator.Task first = compareAndWrite(one, 4);
        Initiator.Task second = compareAndWrite(other, 5);
        settle();
        assertEquals(1, medium.held());

        medium.releaseOne();
        settle();
        medium.releaseOne();
        settle();
        assertTrue(first.ended());
        assertFalse(second.ended());

        medium.release();
        settle();
        assertTrue(second.ended());
    }

    /** Adds one to a number in a block, again and again, by way of its own loop. */
    private static final class Counter extends ScsiTask {
        private final ItNexus nexus;
        private final CountDownLatch done;
        private final MemorySegment memory = Arena.ofAuto().allocate(2 * BLOCK, 8);
        private int left;
        private int guess;

        Counter(ItNexus nexus, int rounds, CountDownLatch done) {
            super(2);
            this.nexus = nexus;
            this.left = rounds;
            this.done = done;
        }

        void next() {
            cdb().set(HexFormat.of().parseHex("89000000000000000003000000010000"));
            dataOut().clear();
            dataIn().clear();
            memory.fill((byte) 0);
            memory.set(JAVA_INT_UNALIGNED, 0, guess);
            memory.set(JAVA_INT_UNALIGNED, BLOCK, guess + 1);
            dataOut().add(memory.address(), 2 * BLOCK);
            identify(1, TaskAttribute.SIMPLE);
            nexus.execute(0, this);
        }

        @Override
        protected void completed() {
            nexus.loop().post(this::judge);
        }

        private void judge() {
            if (status() == ScsiStatus.GOOD) {
                guess++;
                left--;
            } else if (sense().key() == 0xe) {
                guess++;
            }
            if (left == 0) {
                done.countDown();
            } else {
                next();
            }
        }
    }

    @Test
    @Timeout(60)
    void countingByManyLoopsAtOnceLosesNothing() throws InterruptedException {
        int loops = 3;
        int rounds = 2000;
        CountDownLatch done = new CountDownLatch(loops);
        List<EventLoop> running = new ArrayList<>();
        try (BlockDevice memory = BlockDevices.open("mem:1M", false)) {
            ScsiDisk shared = new ScsiDisk(memory, DiskIdentity.DEFAULT, DiskGeometry.DEFAULT, true);
            try {
                for (int i = 0; i < loops; i++) {
                    EventLoop loop = EventLoops.start("counter " + i);
                    running.add(loop);
                    ScsiTarget target = new ScsiTarget(PrimaryUnits.SHARED);
                    target.attach(0, shared);
                    Counter counter = new Counter(target.connect(loop), rounds, done);
                    loop.post(counter::next);
                }
                assertTrue(done.await(50, TimeUnit.SECONDS));
            } finally {
                running.forEach(EventLoop::close);
            }
            Initiator reader = Initiator.of(shared);
            byte[] block = reader.read("28 00 00 00 00 03 00 00 01 00", BLOCK).data();
            assertEquals(loops * rounds, MemorySegment.ofArray(block).get(JAVA_INT_UNALIGNED, 0));
            assertEquals(0, MemorySegment.ofArray(block).get(JAVA_BYTE, 5));
        }
    }
}
