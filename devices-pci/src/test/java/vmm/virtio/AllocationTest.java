package vmm.virtio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;
import vmm.linux.IoVector;
import vmm.memory.GuestMemory;
import vmm.virtio.driver.MockDriver;
import vmm.virtio.driver.MockSplitQueue;

class AllocationTest {
    private static final int SIZE = 8;
    private static final int ROUNDS = 10_000;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final GuestMemory memory = GuestMemory.detached(1 << 20);
    private final DescriptorChain chain = new DescriptorChain(memory, SIZE);
    private final IoVector vector = new IoVector(SIZE);

    private void turn(MockSplitQueue guest, SplitVirtqueue queue) {
        guest.readable(0x80000, 16).writable(0x80100, 512).writable(0x80400, 1);
        guest.offerIndirect(0x90000);
        guest.putAvailIdx(guest.availIdx());
        queue.disableNotifications();
        assertTrue(queue.pop(chain));
        vector.clear();
        chain.addWritable(vector, 0, 512);
        chain.putLong(505, chain.getLong(8));
        queue.complete(chain.head(), 513);
        queue.notifyDriver();
        queue.enableNotifications();
        assertTrue(guest.collect());
    }

    @Test
    void aChainIsTakenAndGivenBackWithoutAnAllocation() {
        MockDriver driver = new MockDriver(memory, new IdleDevice(SIZE));
        driver.negotiate(Features.RING_INDIRECT_DESC | Features.RING_EVENT_IDX);
        MockSplitQueue guest = driver.addSplitQueue(0, SIZE);
        SplitVirtqueue queue = new SplitVirtqueue(memory, guest.setup(), driver.features());
        for (int i = 0; i < ROUNDS; i++) {
            turn(guest, queue);
        }
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < ROUNDS; i++) {
            turn(guest, queue);
        }
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertEquals(0, allocated / ROUNDS, allocated + " bytes in all");
        driver.close();
    }
}
