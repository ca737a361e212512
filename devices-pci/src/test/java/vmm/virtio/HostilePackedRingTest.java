package vmm.virtio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import vmm.virtio.driver.MockPackedQueue;

class HostilePackedRingTest {
    private static final long SEED = 20_260_216;
    private static final int RAM = 16384;
    private static final int CAPACITY = 12;
    private static final int ROUNDS = 5_000;

    private final GuestMemory memory = GuestMemory.detached(RAM);

    @Test
    void aQueueTakesWhatTheRulesAllowRefusesTheRestAndWritesNowhereElse() {
        Random random = new Random(SEED);
        int taken = 0;
        int refused = 0;
        for (int round = 0; round < ROUNDS; round++) {
            MockDriver driver = new MockDriver(memory, new IdleDevice(32));
            driver.negotiate((random.nextLong() & (Features.RING_EVENT_IDX | Features.RING_INDIRECT_DESC))
                    | Features.RING_PACKED);
            MockPackedQueue guest = driver.addPackedQueue(0, 1 + random.nextInt(24));
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

    /** One queue's life, beside a plain reading of its ring. */
    private final class Round {
        private final Random random;
        private final MockPackedQueue guest;
        private final HostilePackedRing ring;
        private final PackedVirtqueue queue;
        private final DescriptorChain chain = new DescriptorChain(memory, CAPACITY);
        private final byte[] before = new byte[RAM];
        private final byte[] after = new byte[RAM];
        private final List<long[]> mayChange = new ArrayList<>();
        private int position;
        private boolean wrap = true;
        private int taken;
        private boolean broken;

        Round(Random random, MockPackedQueue guest, long features) {
            this.random = random;
            this.guest = guest;
            this.queue = new PackedVirtqueue(memory, guest.setup(), features);
            boolean indirect = (features & Features.RING_INDIRECT_DESC) != 0;
            this.ring = new HostilePackedRing(random, memory, guest, indirect, CAPACITY);
        }

        void play() {
            for (int batch = 0; batch < 3; batch++) {
                ring.scramble(position, wrap);
                for (int n = 0; n < guest.size(); n++) {
                    if (!ring.isAvailable(position, wrap)) {
                        assertFalse(queue.pop(chain));
                        break;
                    }
                    HostilePackedRing.Chain expected = ring.chainAt(position);
                    if (expected == null) {
                        assertRefused();
                        return;
                    }
                    serve(expected);
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

        private void serve(HostilePackedRing.Chain expected) {
            assertTrue(queue.pop(chain));
            taken++;
            assertEquals(expected.buffers().size(), chain.count());
            memory.read(0, before, 0, RAM);
            mayChange.clear();
            // All of a used descriptor but the address.
            long used = guest.descriptorArea() + 16L * position + 8;
            allow(used, 8);
            for (int i = 0; i < expected.buffers().size(); i++) {
                HostilePackedRing.Buffer buffer = expected.buffers().get(i);
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
            assertEquals(noise.length, memory.getInt(used));
            assertEquals(expected.id(), memory.getShort(used + 4));
            memory.read(0, after, 0, RAM);
            for (long[] range : mayChange) {
                System.arraycopy(after, (int) range[0], before, (int) range[0], (int) range[1]);
            }
            assertEquals(-1, Arrays.mismatch(before, after), "the first byte that should not have changed");
            position += expected.descriptors();
            if (position >= guest.size()) {
                position -= guest.size();
                wrap = !wrap;
            }
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
        EchoDevice device = new EchoDevice(loop, 1, 32);
        for (int round = 0; round < 5_000; round++) {
            MockDriver driver = new MockDriver(memory, device);
            driver.negotiate(random.nextLong() | Features.RING_PACKED);
            MockPackedQueue guest = driver.addPackedQueue(0, 1 + random.nextInt(32));
            boolean indirect = (driver.features() & Features.RING_INDIRECT_DESC) != 0;
            HostilePackedRing ring = new HostilePackedRing(random, memory, guest, indirect, 32);
            driver.activate();
            for (int batch = 0; batch < 4; batch++) {
                ring.scramble(random.nextInt(guest.size()), random.nextBoolean());
                device.holding = random.nextInt(4) == 0;
                guest.ring();
                loop.runUntilIdle();
                if (!device.holding || random.nextBoolean()) {
                    loop.post(device::release);
                    loop.runUntilIdle();
                }
            }
            device.release();
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
        MockDriver driver = new MockDriver(memory, new IdleDevice(32));
        QueueSetup good = driver.addPackedQueue(0, 16).setup();
        DescriptorChain chain = new DescriptorChain(memory, CAPACITY);
        int taken = 0;
        for (int round = 0; round < ROUNDS; round++) {
            QueueSetup setup = new QueueSetup(
                    0,
                    random.nextInt(8) == 0 ? random.nextInt() : 1 + random.nextInt(128),
                    place(random, 16),
                    place(random, 4),
                    place(random, 4),
                    good.doorbell(),
                    good.interrupt());
            try {
                PackedVirtqueue queue = new PackedVirtqueue(memory, setup, random.nextLong());
                taken++;
                // What it writes may be what it reads, for ever.
                for (int i = 0; i < 1000 && queue.pop(chain); i++) {
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
