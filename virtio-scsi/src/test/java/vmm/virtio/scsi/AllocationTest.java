package vmm.virtio.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import vmm.block.MemoryDisk;
import vmm.event.SteppedEventLoop;
import vmm.memory.GuestMemory;
import vmm.scsi.DiskIdentity;
import vmm.scsi.ScsiBus;
import vmm.scsi.block.DiskGeometry;
import vmm.scsi.block.ScsiDisk;
import vmm.scsi.primary.PrimaryUnits;
import vmm.virtio.Features;
import vmm.virtio.RingFeatures;
import vmm.virtio.driver.MockDriver;
import vmm.virtio.driver.MockQueue;

@ParameterizedClass(name = "rings {0}")
@ValueSource(longs = {0, Features.RING_PACKED})
class AllocationTest {
    private static final int WARM_UP = 20_000;
    private static final int ROUNDS = 10_000;
    private static final int BATCH = 4;
    private static final long HEADERS = 0x80000;
    private static final long RESPONSES = 0x81000;
    private static final long DATA = 0x90000;
    private static final long TABLES = 0x70000;

    private final long rings;
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final SteppedEventLoop loop = new SteppedEventLoop();
    private final GuestMemory memory = GuestMemory.detached(1 << 20);

    /** Runs on one layout. */
    AllocationTest(long rings) {
        this.rings = rings;
    }

    private void turn(MockQueue queue) {
        for (int i = 0; i < BATCH; i++) {
            queue.readable(HEADERS + i * 64L, Driver.HEADER);
            boolean write = i % 2 == 1;
            if (write) {
                queue.readable(DATA + i * 4096L, 4096);
            }
            queue.writable(RESPONSES + i * 128L, Driver.FIXED);
            if (!write) {
                queue.writable(DATA + i * 4096L, 2048).writable(DATA + i * 4096L + 2048, 2048);
            }
            queue.offerIndirect(TABLES + i * 128L);
        }
        queue.kick();
    }

    private void collect(MockQueue queue) {
        for (int i = 0; i < BATCH; i++) {
            assertTrue(queue.collect());
            assertEquals(0, memory.getShort(RESPONSES + i * 128L + 10));
        }
    }

    /**
     * What a turn of the loop allocates by itself is measured first, by turns that ring a queue with nothing in it, and
     * taken off.
     */
    @Test
    void readsAndWritesAreServedWithoutAnAllocation() {
        try (MemoryDisk medium = new MemoryDisk("mem", 1 << 20, false, true)) {
            ScsiBus bus = new ScsiBus(PrimaryUnits.SHARED);
            bus.attach(3, 300, new ScsiDisk(medium, DiskIdentity.DEFAULT, DiskGeometry.DEFAULT, true));
            VirtioScsiDevice device =
                    new VirtioScsiDevice(loop, bus, new HbaConfig("scsi0", 1, 64).withRings(RingFeatures.ALL));
            MockDriver driver = new MockDriver(memory, device);
            driver.negotiate(Features.RING_INDIRECT_DESC | Features.RING_EVENT_IDX | rings);
            MockQueue queue = driver.addQueue(2, 64);
            driver.activate();
            putHeaders();
            turn(queue);
            loop.runUntilIdle();
            for (int i = 0; i < BATCH; i++) {
                queue.collect();
            }

            long served = 0;
            long idle = 0;
            for (int i = 0; i < WARM_UP + ROUNDS; i++) {
                turn(queue);
                long offered = threads.getCurrentThreadAllocatedBytes();
                loop.runUntilIdle();
                long after = threads.getCurrentThreadAllocatedBytes();
                collect(queue);
                queue.ring();
                long rung = threads.getCurrentThreadAllocatedBytes();
                loop.runUntilIdle();
                long end = threads.getCurrentThreadAllocatedBytes();
                if (i >= WARM_UP) {
                    served += after - offered;
                    idle += end - rung;
                }
            }

            long each = (served - idle) / (ROUNDS * BATCH);
            assertEquals(0, each, (served - idle) + " bytes for " + ROUNDS * BATCH + " requests");
            driver.close();
        }
    }

    private void putHeaders() {
        String[] cdbs = {
            "28 00 00 00 00 08 00 00 08 00",
            "2a 00 00 00 00 10 00 00 08 00",
            "88 00 00 00 00 00 00 00 00 20 00 00 00 08 00 00",
            "8a 00 00 00 00 00 00 00 00 28 00 00 00 08 00 00"
        };
        for (int i = 0; i < BATCH; i++) {
            memory.write(HEADERS + i * 64L, Driver.header(Driver.lun(3, 300), i, 0, cdbs[i]));
        }
    }
}
