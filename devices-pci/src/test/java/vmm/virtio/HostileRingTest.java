package vmm.virtio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import vmm.event.SteppedEventLoop;
import vmm.memory.GuestFaultException;
import vmm.memory.GuestMemory;
import vmm.virtio.driver.MockDriver;
import vmm.virtio.driver.MockSplitQueue;

class HostileRingTest {
    private static final long SEED = 20_260_101;
    private static final int RAM = 16384;
    private static final int SIZE = 16;
    private static final int CAPACITY = 12;
    private static final int ROUNDS = 20_000;

    private final GuestMemory memory = GuestMemory.detached(RAM);

    @Test
    void aQueueTakesWhatTheRulesAllowRefusesTheRestAndWritesNowhereElse() {
        Random random = new Random(SEED);
        int taken = 0;
        int refused = 0;
        for (int round = 0; round < ROUNDS; round++) {
            long features = random.nextLong() & (Features.RING_EVENT_IDX | Features.RING_INDIRECT_DESC);
            MockDriver driver = new MockDriver(memory, new IdleDevice(SIZE));
            driver.negotiate(features);
            MockSplitQueue guest = driver.addSplitQueue(0, SIZE);
            Round played = new Round(random, guest, driver.features());
            played.play();
            taken += played.taken;
            refused += played.broken ? 1 : 0;
            driver.close();
        }
        // Both must be common for the test to mean anything.
        assertTrue(taken > ROUNDS, "taken " + taken);
        assertTrue(refused > ROUNDS / 10, "refused " + refused);
        assertTrue(refused < ROUNDS * 9 / 10, "refused " + refused);
    }

    /** One queue's life, beside a plain reading of its rings. */
    private final class Round {
        private final Random random;
        private final MockSplitQueue guest;
        private final HostileRing ring;
        private final SplitVirtqueue queue;
        private final DescriptorChain chain = new DescriptorChain(memory, CAPACITY);
        private final byte[] before = new byte[RAM];
        private final byte[] after = new byte[RAM];
        private final List<long[]> mayChange = new ArrayList<>();
        private int taken;
        private boolean broken;

        Round(Random random, MockSplitQueue guest, long features) {
            this.random = random;
            this.guest = guest;
            this.queue = new SplitVirtqueue(memory, guest.setup(), features);
            boolean indirect = (features & Features.RING_INDIRECT_DESC) != 0;
            this.ring = new HostileRing(random, memory, guest, indirect, CAPACITY);
        }

        void play() {
            int next = 0;
            for (int batch = 0; batch < 4 && !broken; batch++) {
                ring.scramble();
                int idx = (next + ring.advance()) & 0xffff;
                guest.putAvailIdx(idx);
                if (((idx - next) & 0xffff) > SIZE) {
                    assertRefused();
                    return;
                }
                while (next != idx && !broken) {
                    int head = memory.getShort(guest.driverArea() + 4 + 2L * (next & (SIZE - 1)));
                    List<HostileRing.Buffer> expected = ring.chainAt(head);
                    if (expected == null) {
                        assertRefused();
                        return;
                    }
                    serve(head, expected);
                    next = (next + 1) & 0xffff;
                    // A buffer may have been the queue itself, and the index with it.
                    if (memory.getShort(guest.driverArea() + 2) != idx) {
                        return;
                    }
                }
            }
        }

        private void assertRefused() {
            memory.read(0, before, 0, RAM);
            GuestFaultException fault = null;
            try {
                queue.pop(chain);
            } catch (GuestFaultException e) {
                fault = e;
            }
            assertNotNull(fault);
            broken = true;
            memory.read(0, after, 0, RAM);
            assertTrue(Arrays.equals(before, after));
        }

        private void serve(int head, List<HostileRing.Buffer> expected) {
            assertTrue(queue.pop(chain));
            taken++;
            assertEquals(head, chain.head());
            assertEquals(expected.size(), chain.count());
            memory.read(0, before, 0, RAM);
            mayChange.clear();
            allow(guest.deviceArea(), 6 + 8 * SIZE);
            for (int i = 0; i < expected.size(); i++) {
                HostileRing.Buffer buffer = expected.get(i);
                assertEquals(buffer.address(), chain.address(i));
                assertEquals(buffer.length(), chain.length(i));
                assertEquals(buffer.writable(), i >= chain.readableCount());
                if (buffer.writable()) {
                    allow(buffer.address(), buffer.length());
                }
            }
            byte[] noise = new byte[(int) chain.writableBytes()];
            random.nextBytes(noise);
            chain.write(0, noise, 0, noise.length);
            queue.complete(chain.head(), noise.length);
            queue.notifyDriver();
            memory.read(0, after, 0, RAM);
            for (long[] range : mayChange) {
                System.arraycopy(after, (int) range[0], before, (int) range[0], (int) range[1]);
            }
            assertEquals(-1, Arrays.mismatch(before, after), "the first byte that should not have changed");
        }

        private void allow(long address, long length) {
            mayChange.add(new long[] {address, length});
        }
    }

    @Test
    void aDeviceUnderAHostileDriverAlwaysComesToRestAndBreaksOnlyItself() {
        Random random = new Random(SEED);
        int broken = 0;
        SteppedEventLoop loop = new SteppedEventLoop();
        EchoDevice device = new EchoDevice(loop, 1, SIZE);
        for (int round = 0; round < 5_000; round++) {
            MockDriver driver = new MockDriver(memory, device);
            driver.negotiate(random.nextLong());
            MockSplitQueue guest = driver.addSplitQueue(0, SIZE);
            boolean indirect = (driver.features() & Features.RING_INDIRECT_DESC) != 0;
            HostileRing ring = new HostileRing(random, memory, guest, indirect, SIZE);
            // Now and then a driver starts with rings that were never cleared.
            if (random.nextInt(10) == 0) {
                guest.putAvailIdx(random.nextInt(0x10000));
            }
            driver.activate();
            for (int batch = 0; batch < 4; batch++) {
                ring.scramble();
                guest.putAvailIdx(memory.getShort(guest.driverArea() + 2) + ring.advance());
                guest.ring();
                loop.runUntilIdle();
            }
            broken += driver.broken() == null ? 0 : 1;
            driver.close();
        }
        assertTrue(broken > 1_000, "broken " + broken);
        assertTrue(broken < 4_500, "broken " + broken);
        loop.close();
    }

    @Test
    void aQueuePlacedAnywhereIsTakenOrRefused() {
        Random random = new Random(SEED);
        MockDriver driver = new MockDriver(memory, new IdleDevice(SIZE));
        QueueSetup good = driver.addSplitQueue(0, SIZE).setup();
        DescriptorChain chain = new DescriptorChain(memory, CAPACITY);
        int taken = 0;
        for (int round = 0; round < ROUNDS; round++) {
            QueueSetup setup = new QueueSetup(
                    0,
                    random.nextInt(8) == 0 ? random.nextInt() : 1 << random.nextInt(8),
                    place(random, 16),
                    place(random, 2),
                    place(random, 4),
                    good.doorbell(),
                    good.interrupt());
            try {
                SplitVirtqueue queue = new SplitVirtqueue(memory, setup, random.nextLong());
                taken++;
                while (queue.pop(chain)) {
                    queue.complete(chain.head(), 0);
                    queue.notifyDriver();
                }
                queue.enableNotifications();
            } catch (GuestFaultException expected) {
                // As it should be.
            }
        }
        assertTrue(taken > ROUNDS / 10, "taken " + taken);
        assertTrue(taken < ROUNDS, "taken " + taken);
        driver.close();
    }

    private static long place(Random random, int alignment) {
        return random.nextInt(30) == 0 ? random.nextLong() : (long) random.nextInt(RAM / alignment) * alignment;
    }
}
