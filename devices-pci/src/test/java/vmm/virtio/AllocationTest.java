package vmm.virtio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vmm.event.SteppedEventLoop;
import vmm.linux.IoVector;
import vmm.memory.GuestMemory;
import vmm.virtio.driver.MockDriver;
import vmm.virtio.driver.MockQueue;

class AllocationTest {
    private static final int SIZE = 8;
    private static final int WARM_UP = 20_000;
    private static final int ROUNDS = 10_000;
    private static final long USUAL = Features.RING_INDIRECT_DESC | Features.RING_EVENT_IDX;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final GuestMemory memory = GuestMemory.detached(1 << 20);
    private final DescriptorChain chain = new DescriptorChain(memory, SIZE);
    private final IoVector vector = new IoVector(SIZE);

    private void turn(MockQueue guest, Virtqueue queue) {
        guest.readable(0x80000, 16).writable(0x80100, 512).writable(0x80400, 1);
        guest.offerIndirect(0x90000);
        guest.readable(0x80000, 16).writable(0x80100, 512).writable(0x80400, 1);
        guest.offer();
        guest.kick();
        queue.disableNotifications();
        assertTrue(queue.hasMore());
        assertTrue(queue.pop(chain));
        int first = chain.head();
        assertTrue(queue.pop(chain));
        vector.clear();
        chain.addWritable(vector, 0, 512);
        chain.putLong(505, chain.getLong(8));
        queue.complete(chain.head(), 513);
        queue.complete(first, 513);
        queue.notifyDriver();
        queue.enableNotifications();
        assertTrue(guest.collect());
        assertTrue(guest.collect());
    }

    @ParameterizedTest
    @ValueSource(longs = {0, Features.IN_ORDER, Features.RING_PACKED, Features.RING_PACKED | Features.IN_ORDER})
    void aChainIsTakenAndGivenBackWithoutAnAllocation(long rings) {
        MockDriver driver = new MockDriver(memory, new IdleDevice(SIZE));
        driver.negotiate(USUAL | rings);
        MockQueue guest = driver.addQueue(0, SIZE);
        Virtqueue queue = Virtqueue.of(memory, guest.setup(), driver.features());
        for (int i = 0; i < WARM_UP; i++) {
            turn(guest, queue);
        }
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < ROUNDS; i++) {
            turn(guest, queue);
        }
        assertNothing(threads.getCurrentThreadAllocatedBytes() - before);
        driver.close();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, Features.RING_PACKED})
    void aDeviceAllocatesNothingWhetherItIsPolledOrRung(long rings) {
        SteppedEventLoop loop = new SteppedEventLoop();
        EchoDevice device = new EchoDevice(loop, 2, SIZE);
        MockDriver driver = new MockDriver(memory, device);
        driver.negotiate(USUAL | rings);
        MockQueue guest = driver.addQueue(0, SIZE);
        driver.addQueue(1, SIZE);
        driver.activate();
        loop.runUntilIdle();
        for (int i = 0; i < WARM_UP; i++) {
            serve(loop, guest);
        }
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < ROUNDS; i++) {
            serve(loop, guest);
        }
        assertNothing(threads.getCurrentThreadAllocatedBytes() - before);
        driver.close();
        loop.close();
    }

    private void serve(SteppedEventLoop loop, MockQueue guest) {
        // Found by looking, then, once the loop has waited, by a doorbell.
        loop.poll();
        guest.readable(0x80000, 16).writable(0x80100, 16).offer();
        guest.kick();
        loop.poll();
        assertTrue(guest.collect());
        loop.step();
        guest.readable(0x80000, 16).writable(0x80100, 16).offer();
        assertTrue(guest.kick());
        loop.step();
        assertTrue(guest.collect());
    }

    private static void assertNothing(long allocated) {
        assertEquals(0, allocated / ROUNDS, allocated + " bytes in all");
    }
}
