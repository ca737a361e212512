package vmm.scsi.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import vmm.block.FakeDisk;
import vmm.block.MemoryDisk;
import vmm.event.EventLoop;
import vmm.event.EventLoops;
import vmm.event.SteppedEventLoop;
import vmm.scsi.DiskIdentity;
import vmm.scsi.FaultInjection;
import vmm.scsi.Initiator;
import vmm.scsi.ItNexus;
import vmm.scsi.ScsiTarget;
import vmm.scsi.ScsiTask;
import vmm.scsi.ServiceResponse;
import vmm.scsi.TaskAttribute;
import vmm.scsi.TaskFunction;
import vmm.scsi.primary.PrimaryUnits;

/** Aborts and resets among commands of all kinds: everything ends, and once. */
class TaskManagementStressTest {
    private static final TaskAttribute[] ATTRIBUTES = {
        TaskAttribute.SIMPLE,
        TaskAttribute.SIMPLE,
        TaskAttribute.ORDERED,
        TaskAttribute.HEAD_OF_QUEUE,
        TaskAttribute.ACA
    };
    private static final String[] CDBS = {
        "28000000000000000400",
        "2a000000000000000400",
        "28000000000000000404",
        "28007fffffff00000104",
        "000000000000",
        "35000000000000000000",
        "89000000000000000000000000010000",
        "12000000ff00"
    };
    private static final TaskFunction[] FUNCTIONS = TaskFunction.values();

    /** A command that counts its ends. */
    private static final class Counted extends ScsiTask {
        private static final int ROOM = 4096;

        private final AtomicInteger ends;

        /** Not its address alone: the memory lives as long as this does. */
        private final MemorySegment buffer = Arena.ofAuto().allocate(ROOM);

        private boolean busy;

        Counted(AtomicInteger ends) {
            super(2);
            this.ends = ends;
        }

        void send(ItNexus nexus, int tag, Random random) {
            assertFalse(busy);
            busy = true;
            byte[] block = HexFormat.of().parseHex(CDBS[random.nextInt(CDBS.length)]);
            cdb().set(block);
            dataOut().clear();
            dataIn().clear();
            boolean out = block[0] == 0x2a || block[0] == (byte) 0x89;
            (out ? dataOut() : dataIn()).add(buffer.address(), ROOM);
            identify(tag, ATTRIBUTES[random.nextInt(ATTRIBUTES.length)]);
            nexus.execute(0, this);
        }

        @Override
        protected void completed() {
            assertTrue(busy);
            busy = false;
            ends.incrementAndGet();
        }
    }

    private static ScsiTarget target(ScsiDisk disk) {
        ScsiTarget target = new ScsiTarget(PrimaryUnits.SHARED);
        target.attach(0, disk);
        return target;
    }

    @Test
    void everyCommandAndEveryFunctionEndsOnceInAnyOrder() {
        FakeDisk medium = new FakeDisk(1 << 20);
        ScsiDisk disk = Initiator.disk(medium);
        SteppedEventLoop loop = new SteppedEventLoop();
        List<ItNexus> nexuses = List.of(target(disk).connect(loop), target(disk).connect(loop));
        Random random = new Random(7);
        AtomicInteger ends = new AtomicInteger();
        AtomicInteger answers = new AtomicInteger();
        List<Counted> tasks = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            tasks.add(new Counted(ends));
        }
        int sent = 0;
        int asked = 0;
        for (int i = 0; i < 100_000; i++) {
            int choice = random.nextInt(100);
            if (choice < 60) {
                Counted task = tasks.get(random.nextInt(tasks.size()));
                if (!task.busy) {
                    task.send(nexuses.get(random.nextInt(2)), random.nextInt(20), random);
                    sent++;
                }
            } else if (choice < 75) {
                boolean ignored = random.nextBoolean() ? medium.releaseOne() : medium.releaseLast();
            } else if (choice < 85) {
                nexuses.get(random.nextInt(2))
                        .manage(
                                FUNCTIONS[random.nextInt(FUNCTIONS.length)],
                                0,
                                random.nextInt(20),
                                answer -> answers.incrementAndGet());
                asked++;
            } else if (choice < 87) {
                FaultInjection faults = new FaultInjection();
                faults.loseResponses(random.nextInt(2));
                faults.busy(random.nextInt(2));
                faults.delay(random.nextInt(3), Duration.ofMillis(1));
                disk.inject(faults);
            } else if (choice < 88) {
                disk.inject(null);
                medium.release();
            } else if (choice < 90) {
                medium.hold();
            } else {
                loop.advance(TimeUnit.MICROSECONDS.toNanos(500));
                loop.runUntilIdle();
            }
        }
        disk.inject(null);
        medium.release();
        for (ItNexus nexus : nexuses) {
            nexus.manage(TaskFunction.LOGICAL_UNIT_RESET, 0, 0, answer -> answers.incrementAndGet());
            asked++;
        }
        loop.runUntilIdle();

        assertEquals(sent, ends.get());
        assertEquals(asked, answers.get());
        assertTrue(tasks.stream().noneMatch(task -> task.busy));
    }

    @Test
    void resetsOfOneLoopEndTheCommandsOfAnother() throws InterruptedException {
        try (MemoryDisk medium = new MemoryDisk("mem", 1 << 20, false, false);
                EventLoop one = EventLoops.start("one");
                EventLoop two = EventLoops.start("two")) {
            ScsiDisk disk = new ScsiDisk(medium, DiskIdentity.DEFAULT, DiskGeometry.DEFAULT, true);
            CountDownLatch over = new CountDownLatch(2);
            Side[] sides = {new Side(one, disk, 1, over), new Side(two, disk, 2, over)};
            for (Side side : sides) {
                side.loop.post(side::turn);
            }

            assertTrue(over.await(20, TimeUnit.SECONDS));
            for (Side side : sides) {
                assertEquals(side.sent, side.ends.get());
                assertEquals(Side.TURNS, side.answers);
            }
        }
    }

    /** An initiator on a loop of its own, which sends commands and resets in turns. */
    private static final class Side {
        static final int TURNS = 2000;

        private final EventLoop loop;
        private final ItNexus nexus;
        private final Random random;
        private final CountDownLatch over;
        private final AtomicInteger ends = new AtomicInteger();
        private final List<Counted> tasks = new ArrayList<>();
        private int sent;
        private int answers;

        Side(EventLoop loop, ScsiDisk disk, int seed, CountDownLatch over) {
            this.loop = loop;
            this.over = over;
            nexus = loop.call(() -> target(disk).connect(loop));
            random = new Random(seed);
            for (int i = 0; i < 8; i++) {
                tasks.add(new Counted(ends));
            }
        }

        void turn() {
            for (Counted task : tasks) {
                if (!task.busy) {
                    task.send(nexus, random.nextInt(20), random);
                    sent++;
                }
            }
            nexus.manage(
                    random.nextBoolean() ? TaskFunction.LOGICAL_UNIT_RESET : TaskFunction.CLEAR_ACA,
                    0,
                    0,
                    this::answered);
        }

        private void answered(ServiceResponse response) {
            assertTrue(loop.inLoop());
            answers++;
            if (answers < TURNS) {
                loop.post(this::turn);
            } else {
                nexus.close(over::countDown);
            }
        }
    }
}
