package vmm.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import vmm.block.BlockRequest.Operation;
import vmm.block.ThrottleLimits.Rate;
import vmm.event.SteppedEventLoop;
import vmm.linux.Errno;
import vmm.linux.IoVector;

class ThrottledDiskTest {
    private static final long SECOND = 1_000_000_000;
    private static final long TICK = 100_000;
    private static final Rate NONE = Rate.NONE;

    private final List<SteppedEventLoop> loops = new ArrayList<>();
    private long now = 12345;

    private ThrottleGroup group(ThrottleLimits limits) {
        return new ThrottleGroup(limits, () -> now);
    }

    private SteppedEventLoop newLoop() {
        SteppedEventLoop loop = new SteppedEventLoop();
        loops.add(loop);
        return loop;
    }

    private static ThrottleLimits totals(Rate bytes, Rate iops) {
        return new ThrottleLimits(bytes, NONE, NONE, iops, NONE, NONE, 0);
    }

    private static ThrottledDisk disk(ThrottleGroup group) {
        return new ThrottledDisk(new NullDisk("null", 1L << 30, false), group);
    }

    /** Lets time pass in small steps, all loops at once. */
    private void run(long nanos) {
        for (long end = now + nanos; now < end; now += TICK) {
            settle();
            loops.forEach(loop -> loop.advance(TICK));
        }
        settle();
    }

    private void settle() {
        boolean busy = true;
        while (busy) {
            busy = false;
            for (SteppedEventLoop loop : loops) {
                busy |= loop.step();
            }
        }
    }

    /** As many requests in flight as there are slots, each started anew when it ends. */
    private static final class Load {
        private final BlockQueue queue;
        private final Operation operation;
        private final long size;
        private final List<BlockRequest> slots = new ArrayList<>();
        private long done;
        private boolean stopped;

        Load(BlockQueue queue, Operation operation, int depth, int size) {
            this.queue = queue;
            this.operation = operation;
            this.size = size;
            TestRequest memory = new TestRequest(size);
            for (int i = 0; i < depth; i++) {
                slots.add(new BlockRequest(new IoVector(1)) {
                    @Override
                    public void completed(int errno) {
                        assertEquals(0, errno);
                        done++;
                        if (!stopped) {
                            submit(this, memory);
                        }
                    }
                });
            }
            slots.forEach(slot -> submit(slot, memory));
        }

        private void submit(BlockRequest slot, TestRequest memory) {
            slot.data().clear();
            slot.data().add(memory.memory.address(), size);
            if (operation.movesData()) {
                slot.prepare(operation, 0);
            } else {
                slot.prepareRange(operation, 0, size, true);
            }
            queue.submit(slot);
        }

        /** How many requests have ended since the last call. */
        long take() {
            long taken = done;
            done = 0;
            return taken;
        }
    }

    private static void assertAbout(long expected, long actual) {
        assertTrue(50 * Math.abs(actual - expected) <= expected, "expected about " + expected + ", got " + actual);
    }

    @Test
    void aLimitOfOperationsIsKeptAtAnyDepth() {
        for (int depth : new int[] {1, 4, 32}) {
            Load load = new Load(
                    disk(group(totals(NONE, Rate.of(1000)))).openQueue(newLoop()), Operation.READ, depth, 4096);
            run(SECOND);
            load.take();
            run(10 * SECOND);
            assertAbout(10_000, load.take());
            load.stopped = true;
        }
    }

    @Test
    void aLimitOfBytesCountsSizes() {
        Load load = new Load(
                disk(group(totals(Rate.of(10 << 20), NONE))).openQueue(newLoop()), Operation.WRITE, 4, 64 << 10);
        run(SECOND);
        load.take();
        run(10 * SECOND);
        assertAbout(10 * 160, load.take());
    }

    @Test
    void withoutABurstATenthOfASecondGoesAtOnce() {
        Load load = new Load(disk(group(totals(NONE, Rate.of(1000)))).openQueue(newLoop()), Operation.READ, 200, 512);
        settle();
        assertEquals(101, load.take());
        run(SECOND);
        assertAbout(1000, load.take());
    }

    @Test
    void aBurstLastsAsLongAsItMayAndComesBackAfterIdleness() {
        Rate rate = new Rate(100, 1000, 5);
        Load load = new Load(disk(group(totals(NONE, rate))).openQueue(newLoop()), Operation.READ, 8, 512);
        // The bucket holds five seconds of the burst; while it fills, it leaks at the long-term rate.
        run(5 * SECOND);
        assertAbout(5 * 1000 + 100, load.take());
        run(SECOND);
        load.take();
        run(10 * SECOND);
        assertAbout(1000, load.take());
        load.stopped = true;
        run(60 * SECOND);
        load.take();
        Load again = new Load(load.queue, Operation.READ, 8, 512);
        run(5 * SECOND);
        assertAbout(5 * 1000 + 100, again.take());
    }

    @Test
    void readsAndWritesHaveLimitsOfTheirOwn() {
        ThrottleLimits limits =
                new ThrottleLimits(NONE, Rate.of(4096 * 300), Rate.of(4096 * 100), NONE, NONE, Rate.of(50), 0);
        BlockQueue queue = disk(group(limits)).openQueue(newLoop());
        Load reads = new Load(queue, Operation.READ, 8, 4096);
        Load writes = new Load(queue, Operation.WRITE, 8, 4096);
        run(SECOND);
        reads.take();
        writes.take();
        run(10 * SECOND);
        assertAbout(3000, reads.take());
        assertAbout(500, writes.take());
    }

    @Test
    void readsAndWritesShareATotalFairly() {
        BlockQueue queue = disk(group(totals(NONE, Rate.of(1000)))).openQueue(newLoop());
        Load reads = new Load(queue, Operation.READ, 4, 4096);
        Load writes = new Load(queue, Operation.WRITE, 4, 4096);
        run(10 * SECOND);
        assertAbout(5050, reads.take());
        assertAbout(5050, writes.take());
    }

    @Test
    void writesThatWaitForTheirOwnLimitDoNotHoldUpReads() {
        ThrottleLimits limits = new ThrottleLimits(Rate.of(4096 * 1000), NONE, NONE, NONE, NONE, Rate.of(10), 0);
        BlockQueue queue = disk(group(limits)).openQueue(newLoop());
        Load writes = new Load(queue, Operation.WRITE, 16, 4096);
        Load reads = new Load(queue, Operation.READ, 1, 4096);
        run(SECOND);
        writes.take();
        reads.take();
        run(10 * SECOND);
        assertAbout(100, writes.take());
        assertAbout(9900, reads.take());
    }

    @Test
    void longOperationsCountSeveralTimesIfOneWantsThat() {
        ThrottleLimits limits = new ThrottleLimits(NONE, NONE, NONE, Rate.of(1000), NONE, NONE, 8192);
        Load load = new Load(disk(group(limits)).openQueue(newLoop()), Operation.READ, 4, 64 << 10);
        run(SECOND);
        load.take();
        run(10 * SECOND);
        assertAbout(1250, load.take());
    }

    @Test
    void queuesOnSeveralLoopsShareTheirDisksLimit() {
        ThrottledDisk disk = disk(group(totals(NONE, Rate.of(2000))));
        List<Load> loads = new ArrayList<>();
        for (int depth : new int[] {8, 8, 8, 8}) {
            loads.add(new Load(disk.openQueue(newLoop()), Operation.READ, depth, 4096));
        }
        run(SECOND);
        loads.forEach(Load::take);
        run(10 * SECOND);
        List<Long> done = loads.stream().map(Load::take).toList();
        assertAbout(20_000, done.stream().mapToLong(Long::longValue).sum());
        done.forEach(each -> assertAbout(5000, each));
    }

    @Test
    void disksOfAGroupTakeTurnsHoweverManyRequestsEachHas() {
        ThrottleGroup group = group(totals(NONE, Rate.of(1000)));
        SteppedEventLoop loop = newLoop();
        List<Load> loads = new ArrayList<>();
        for (int depth : new int[] {64, 2, 8}) {
            loads.add(new Load(
                    disk(group).openQueue(loops.size() % 2 == 0 ? loop : newLoop()), Operation.READ, depth, 512));
        }
        run(SECOND);
        loads.forEach(Load::take);
        run(12 * SECOND);
        LongStream done = loads.stream().mapToLong(Load::take);
        done.forEach(each -> assertAbout(4000, each));
    }

    @Test
    void aDisksRequestsGoInTheOrderInWhichTheyCame() {
        FakeDisk fake = new FakeDisk(1 << 20);
        ThrottledDisk disk = new ThrottledDisk(fake, group(totals(NONE, Rate.of(10))));
        List<BlockQueue> queues = List.of(disk.openQueue(newLoop()), disk.openQueue(newLoop()));
        List<Long> offsets = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            long offset = 512L * i;
            offsets.add(offset);
            queues.get(i * 7 % 3 % 2).submit(TestRequest.read(offset, 512));
        }
        run(5 * SECOND);
        assertEquals(offsets, fake.asked().stream().map(FakeDisk.Asked::offset).toList());
    }

    @Test
    void flushesNeverWaitAndDiscardsCountAsOneOperation() {
        ThrottledDisk disk = disk(group(totals(Rate.of(1 << 20), Rate.of(10))));
        BlockQueue queue = disk.openQueue(newLoop());
        queue.submit(TestRequest.read(0, 512));
        queue.submit(TestRequest.read(0, 512));
        TestRequest waiting = TestRequest.read(0, 512);
        TestRequest flush = TestRequest.flush();
        queue.submit(waiting);
        queue.submit(flush);
        assertEquals(0, flush.errno);
        assertEquals(TestRequest.NOT_YET, waiting.errno);
        run(SECOND);
        assertEquals(0, waiting.errno);
        Load discards = new Load(queue, Operation.DISCARD, 1, 256 << 20);
        run(10 * SECOND);
        assertAbout(101, discards.take());
    }

    @Test
    void aDrainLetsAllWaitingRequestsGoAndWakesWhoeverIsNext() {
        ThrottleGroup group = group(totals(NONE, Rate.of(1)));
        ThrottledDisk disk = disk(group);
        BlockQueue drained = disk.openQueue(newLoop());
        BlockQueue other = disk.openQueue(newLoop());
        List<TestRequest> first = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            first.add(TestRequest.read(0, 512));
            drained.submit(first.getLast());
        }
        TestRequest behind = TestRequest.read(0, 512);
        other.submit(behind);
        settle();
        assertEquals(TestRequest.NOT_YET, first.getLast().errno);
        drained.drain(true);
        first.forEach(request -> assertEquals(0, request.errno));
        TestRequest during = TestRequest.write(0, new byte[512]);
        drained.submit(during);
        assertEquals(0, during.errno);
        loops.removeFirst().close();
        assertEquals(TestRequest.NOT_YET, behind.errno);
        run(10 * SECOND);
        assertEquals(0, behind.errno);
    }

    @Test
    void otherLimitsLetGoWhatWaitsForTheOldOnes() {
        ThrottleGroup slow = group(totals(NONE, Rate.of(1)));
        ThrottledDisk disk = disk(slow);
        ThrottledDisk neighbour = disk(slow);
        BlockQueue queue = disk.openQueue(newLoop());
        BlockQueue others = neighbour.openQueue(newLoop());
        TestRequest last = TestRequest.read(0, 512);
        for (int i = 0; i < 5; i++) {
            queue.submit(TestRequest.read(0, 512));
        }
        queue.submit(last);
        TestRequest behind = TestRequest.read(0, 512);
        others.submit(behind);
        settle();
        assertEquals(TestRequest.NOT_YET, last.errno);

        disk.setGroup(null);
        settle();
        assertEquals(0, last.errno);
        assertEquals(TestRequest.NOT_YET, behind.errno, "who stays waits on");
        TestRequest unlimited = TestRequest.read(0, 512);
        queue.submit(unlimited);
        assertEquals(0, unlimited.errno);
        run(10 * SECOND);
        assertEquals(0, behind.errno);

        disk.setGroup(group(totals(NONE, Rate.of(10))));
        run(SECOND);
        Load load = new Load(queue, Operation.READ, 8, 512);
        run(10 * SECOND);
        assertAbout(100, load.take());
    }

    @Test
    void errorsComeThrough() {
        FakeDisk fake = new FakeDisk(1 << 16);
        fake.failAt(0, 512, Errno.EIO);
        TestRequest read = TestRequest.read(0, 512);
        new ThrottledDisk(fake, group(totals(NONE, Rate.of(10))))
                .openQueue(newLoop())
                .submit(read);
        assertEquals(Errno.EIO, read.errno);
    }

    @Test
    void delayedRequestsAllocateNothing() {
        ThrottledDisk disk = disk(group(totals(NONE, Rate.of(10_000))));
        SteppedEventLoop one = newLoop();
        Load load = new Load(disk.openQueue(one), Operation.READ, 32, 512);
        run(SECOND);
        load.take();
        long before = Allocations.ofCurrentThread();
        for (int i = 0; i < 10_000; i++) {
            now += TICK;
            one.advance(TICK);
            one.step();
        }
        long allocated = Allocations.ofCurrentThread() - before;
        long done = load.take();
        assertAbout(10_000, done);
        assertEquals(0, allocated / done, allocated + " bytes in all");
    }
}
