package vmm.virtio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import vmm.memory.GuestFaultException;
import vmm.memory.GuestMemory;
import vmm.virtio.driver.MockDriver;
import vmm.virtio.driver.MockPackedQueue;

class PackedVirtqueueTest {
    /** Not a power of two. */
    private static final int SIZE = 6;

    private static final long RAM = 1 << 20;
    private static final int NEXT = MockPackedQueue.DESC_F_NEXT;
    private static final int WRITE = MockPackedQueue.DESC_F_WRITE;
    private static final int INDIRECT = MockPackedQueue.DESC_F_INDIRECT;
    private static final int AVAIL = MockPackedQueue.DESC_F_AVAIL;
    private static final int USED = MockPackedQueue.DESC_F_USED;
    private static final int EVENT_DISABLE = 1 << 16;
    private static final int EVENT_DESC = 2 << 16;
    private static final int EVENT_WRAP = 1 << 15;
    private static final long BUFFER = 0x80000;
    private static final long TABLE = 0x90000;

    private final GuestMemory memory = GuestMemory.detached(RAM);
    private final MockDriver driver = new MockDriver(memory, new IdleDevice(64));
    private final DescriptorChain chain = new DescriptorChain(memory, 16);

    @AfterEach
    void closeDriver() {
        driver.close();
    }

    private MockPackedQueue guest(long features) {
        driver.negotiate(features | Features.RING_PACKED);
        return driver.addPackedQueue(0, SIZE);
    }

    private PackedVirtqueue device(MockPackedQueue guest) {
        return new PackedVirtqueue(memory, guest.setup(), driver.features());
    }

    private void assertRefused(int size, long descriptors, long driverArea, long deviceArea) {
        QueueSetup setup = driver.addPackedQueue(0, SIZE).setup();
        QueueSetup placed =
                new QueueSetup(0, size, descriptors, driverArea, deviceArea, setup.doorbell(), setup.interrupt());
        assertThrows(GuestFaultException.class, () -> new PackedVirtqueue(memory, placed, 0));
    }

    /** Looks at the ring as it stands, from its start, and expects that it breaks the queue. */
    private void assertBroken(MockPackedQueue guest) {
        PackedVirtqueue queue = device(guest);
        assertThrows(GuestFaultException.class, () -> queue.pop(chain));
        assertEquals(0, queue.counters().popped());
    }

    @Test
    void theLayoutIsWhatWasAgreedOn() {
        MockPackedQueue guest = guest(0);
        assertInstanceOf(PackedVirtqueue.class, Virtqueue.of(memory, guest.setup(), driver.features()));
        QueueSetup split = driver.addSplitQueue(0, 8).setup();
        assertInstanceOf(SplitVirtqueue.class, Virtqueue.of(memory, split, Features.VERSION_1));
    }

    @Test
    void theThreeAreasMustBeAlignedAndInMemory() {
        guest(0);
        assertRefused(SIZE, 0x1008, 0x2000, 0x3000);
        assertRefused(SIZE, 0x1000, 0x2002, 0x3000);
        assertRefused(SIZE, 0x1000, 0x2000, 0x3002);
        assertRefused(SIZE, RAM - 16, 0x2000, 0x3000);
        assertRefused(SIZE, 0x1000, RAM, 0x3000);
        assertRefused(SIZE, 0x1000, 0x2000, RAM);
        assertRefused(SIZE, -16, 0x2000, 0x3000);
        assertRefused(SIZE, 0x1000, Long.MIN_VALUE, 0x3000);
    }

    @Test
    void theSizeIsAnyNumberUpTo32768() {
        guest(0);
        assertRefused(0, 0x1000, 0x2000, 0x3000);
        assertRefused(-8, 0x1000, 0x2000, 0x3000);
        assertRefused(32769, 0x1000, 0x2000, 0x3000);
        QueueSetup setup = driver.addPackedQueue(0, SIZE).setup();
        QueueSetup largest = new QueueSetup(0, 32768, 0x10000, 0x2000, 0x3000, setup.doorbell(), setup.interrupt());
        assertEquals(32768, new PackedVirtqueue(memory, largest, 0).size());
    }

    @Test
    void nothingIsPoppedBeforeTheFirstDescriptorSaysSo() {
        MockPackedQueue guest = guest(0);
        PackedVirtqueue queue = device(guest);
        guest.readable(BUFFER, 10).readable(BUFFER, 5).offer();
        assertFalse(queue.hasMore());
        assertFalse(queue.pop(chain));
        guest.kick();
        assertTrue(queue.hasMore());
        assertTrue(queue.pop(chain));
        assertFalse(queue.hasMore());
        assertFalse(queue.pop(chain));
    }

    @Test
    void aZeroedRingHasNothingAvailableNorDoesOneThatIsUsedUp() {
        MockPackedQueue guest = guest(0);
        PackedVirtqueue queue = device(guest);
        for (int turn = 0; turn < 3; turn++) {
            for (int i = 0; i < SIZE; i++) {
                assertFalse(queue.pop(chain));
                guest.writable(BUFFER, 1).offer();
                guest.kick();
                assertTrue(queue.pop(chain));
                queue.complete(chain.head(), 1);
                assertTrue(guest.collect());
            }
        }
    }

    @Test
    void aChainOfDescriptorsHasItsBuffersInOrderAcrossTheEndOfTheRing() {
        MockPackedQueue guest = guest(0);
        PackedVirtqueue queue = device(guest);
        for (int turn = 0; turn < 20; turn++) {
            int id = guest.readable(BUFFER, 16)
                    .readable(BUFFER + 100, 1)
                    .writable(BUFFER + 200, 512)
                    .writable(BUFFER + 800, 1)
                    .offer();
            guest.kick();
            assertTrue(queue.pop(chain));
            assertEquals(4, chain.count());
            assertEquals(2, chain.readableCount());
            assertEquals(17, chain.readableBytes());
            assertEquals(513, chain.writableBytes());
            assertEquals(BUFFER + 200, chain.address(2));
            queue.complete(chain.head(), turn);
            assertTrue(guest.collect());
            assertEquals(id, guest.usedHead());
            assertEquals(turn, guest.usedLength());
            assertEquals(SIZE, guest.free());
        }
    }

    @Test
    void anIndirectChainTakesItsTableFromStartToEndWhateverElseItSays() {
        MockPackedQueue guest = guest(Features.RING_INDIRECT_DESC);
        PackedVirtqueue queue = device(guest);
        // virtio 1.3 2.8.7: of these flags only WRITE counts, and the WRITE of the descriptor itself does not
        guest.putDescriptor(TABLE, 0, BUFFER, 4, 99, 0);
        guest.putDescriptor(TABLE, 1, BUFFER + 4, 5, 98, INDIRECT | AVAIL | USED);
        guest.putDescriptor(TABLE, 2, BUFFER + 9, 6, 97, WRITE | NEXT);
        guest.putDescriptor(0, TABLE, 48, 77, INDIRECT | WRITE | AVAIL);
        assertTrue(queue.pop(chain));
        assertEquals(2, chain.readableCount());
        assertEquals(9, chain.readableBytes());
        assertEquals(6, chain.writableBytes());
        queue.complete(chain.head(), 6);
        assertEquals(77, memory.getShort(guest.descriptorArea() + 12));
        assertEquals(AVAIL | USED | WRITE, memory.getShort(guest.descriptorArea() + 14));
    }

    @Test
    void anIndirectTableIsRefusedUnlessItFollowsTheRules() {
        MockPackedQueue guest = guest(Features.RING_INDIRECT_DESC);
        guest.putDescriptor(TABLE, 0, BUFFER, 1, 0, 0);
        guest.putDescriptor(0, TABLE, 0, 0, INDIRECT | AVAIL);
        assertBroken(guest);
        guest.putDescriptor(0, TABLE, 17, 0, INDIRECT | AVAIL);
        assertBroken(guest);
        guest.putDescriptor(0, TABLE, 16, 0, INDIRECT | NEXT | AVAIL);
        assertBroken(guest);
        guest.putDescriptor(0, RAM - 8, 16, 0, INDIRECT | AVAIL);
        assertBroken(guest);
        guest.putDescriptor(0, TABLE, 16 * 17, 0, INDIRECT | AVAIL);
        assertBroken(guest);
        // virtio 1.3 2.8.5: a list is of one kind only
        guest.putDescriptor(0, BUFFER, 1, 0, NEXT | AVAIL);
        guest.putDescriptor(1, TABLE, 16, 0, INDIRECT | AVAIL);
        assertBroken(guest);
    }

    @Test
    void anIndirectTableIsRefusedIfItWasNotNegotiated() {
        MockPackedQueue guest = guest(0);
        guest.putDescriptor(TABLE, 0, BUFFER, 1, 0, 0);
        guest.putDescriptor(0, TABLE, 16, 0, INDIRECT | AVAIL);
        assertBroken(guest);
    }

    @Test
    void aChainAllRoundTheRingIsNoLoop() {
        MockPackedQueue guest = guest(0);
        for (int i = 0; i < SIZE; i++) {
            guest.readable(BUFFER, 0);
        }
        guest.offer();
        guest.kick();
        assertTrue(device(guest).pop(chain));
        assertEquals(SIZE, chain.count());
    }

    @Test
    void aChainWithoutEndBreaksTheQueue() {
        MockPackedQueue guest = guest(0);
        for (int i = 0; i < SIZE; i++) {
            guest.putDescriptor(i, BUFFER, 0, 0, NEXT | AVAIL);
        }
        assertBroken(guest);
    }

    @Test
    void aReadableBufferAfterAWritableOneBreaksTheQueue() {
        MockPackedQueue guest = guest(0);
        guest.putDescriptor(0, BUFFER, 1, 0, NEXT | WRITE | AVAIL);
        guest.putDescriptor(1, BUFFER, 1, 0, AVAIL);
        assertBroken(guest);
    }

    @Test
    void aBufferOutsideMemoryBreaksTheQueue() {
        MockPackedQueue guest = guest(0);
        for (long address : new long[] {RAM, RAM - 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 0xffff_ffffL}) {
            guest.putDescriptor(0, address, 2, 0, AVAIL);
            assertBroken(guest);
        }
    }

    @Test
    void descriptorsThatAreInFlightCannotBeOfferedAgain() {
        MockPackedQueue guest = guest(0);
        PackedVirtqueue queue = device(guest);
        for (int i = 0; i < SIZE; i++) {
            guest.putDescriptor(i, BUFFER, 1, i, AVAIL);
        }
        for (int i = 0; i < SIZE; i++) {
            assertTrue(queue.pop(chain));
        }
        assertEquals(SIZE, queue.inFlight());
        assertFalse(queue.pop(chain));
        guest.putDescriptor(0, BUFFER, 1, 0, USED);
        assertThrows(GuestFaultException.class, () -> queue.pop(chain));
    }

    @Test
    void aDriverMayGiveAllItsBuffersTheSameIdAndHarmsItselfOnly() {
        MockPackedQueue guest = guest(0);
        PackedVirtqueue queue = device(guest);
        guest.putDescriptor(0, BUFFER, 1, 0xffff, NEXT | AVAIL);
        guest.putDescriptor(1, BUFFER, 1, 0xffff, AVAIL);
        guest.putDescriptor(2, BUFFER, 1, 0xffff, AVAIL);
        assertTrue(queue.pop(chain));
        int first = chain.head();
        assertTrue(queue.pop(chain));
        queue.complete(chain.head(), 0);
        queue.complete(first, 0);
        assertEquals(new Virtqueue.State(3 | EVENT_WRAP, 3 | EVENT_WRAP), queue.state());
    }

    @Test
    void whatWasNeverPoppedCannotBeCompleted() {
        PackedVirtqueue queue = device(guest(0));
        assertThrows(IllegalStateException.class, () -> queue.complete(0, 0));
    }

    @Test
    void aQueueGoesOnFromItsState() {
        MockPackedQueue guest = guest(0);
        PackedVirtqueue before = device(guest);
        for (int turn = 0; turn < 9; turn++) {
            guest.writable(BUFFER, 1).offer();
            guest.kick();
            assertTrue(before.pop(chain));
            before.complete(chain.head(), 1);
            assertTrue(guest.collect());
        }
        assertEquals(new Virtqueue.State(3, 3), before.state());
        PackedVirtqueue after = new PackedVirtqueue(memory, guest.setup(), driver.features(), before.state());
        assertFalse(after.pop(chain));
        guest.writable(BUFFER, 1).offer();
        guest.kick();
        assertTrue(after.pop(chain));
        after.complete(chain.head(), 1);
        assertTrue(guest.collect());
    }

    private void complete(MockPackedQueue guest, PackedVirtqueue queue, int chains) {
        for (int i = 0; i < chains; i++) {
            guest.writable(BUFFER, 1).offer();
        }
        guest.kick();
        for (int i = 0; i < chains; i++) {
            assertTrue(queue.pop(chain));
            queue.complete(chain.head(), 1);
            assertTrue(guest.collect());
        }
    }

    @Test
    void theDriversEventFlagsSayWhetherItIsInterrupted() {
        MockPackedQueue guest = guest(0);
        PackedVirtqueue queue = device(guest);
        assertFalse(queue.notifyDriver());
        for (int flags = 0; flags < 4; flags++) {
            // Without EVENT_IDX the third value means nothing, as the fourth never does: better one interrupt too many.
            guest.putDriverEvent((flags << 16) | 0x1234);
            complete(guest, queue, 1);
            assertEquals(flags != 1, queue.notifyDriver(), "flags " + flags);
        }
        assertEquals(3, guest.interrupts());
    }

    @Test
    void aBatchInterruptsExactlyIfItUsesTheDescriptorOfTheEvent() {
        for (int start = 0; start < 2 * SIZE; start++) {
            for (int event = 0; event < 2 * SIZE; event++) {
                MockPackedQueue guest = guest(Features.RING_EVENT_IDX);
                PackedVirtqueue queue = device(guest);
                guest.wantInterrupts(false);
                complete(guest, queue, 1);
                for (int i = 1; i < start; i++) {
                    complete(guest, queue, 1);
                }
                queue.notifyDriver();
                int begin = Math.max(start, 1);
                int place = (event % SIZE) | (event < SIZE ? EVENT_WRAP : 0);
                guest.putDriverEvent(place | EVENT_DESC);
                complete(guest, queue, 3);
                int distance = Math.floorMod(event - begin, 2 * SIZE);
                assertEquals(distance < 3, queue.notifyDriver(), "from " + begin + " event " + event);
                guest.close();
            }
        }
    }

    @Test
    void theDeviceAsksForADoorbellByFlagsWithoutEventIdx() {
        MockPackedQueue guest = guest(0);
        PackedVirtqueue queue = device(guest);
        queue.disableNotifications();
        assertEquals(EVENT_DISABLE, guest.deviceEvent());
        guest.readable(BUFFER, 1).offer();
        assertFalse(guest.kick());
        assertTrue(queue.enableNotifications());
        assertEquals(0, guest.deviceEvent());
        assertTrue(queue.pop(chain));
        assertFalse(queue.enableNotifications());
        guest.readable(BUFFER, 1).offer();
        assertTrue(guest.kick());
    }

    @Test
    void theDeviceAsksForADoorbellByThePlaceOfTheNextDescriptorWithEventIdx() {
        MockPackedQueue guest = guest(Features.RING_EVENT_IDX);
        PackedVirtqueue queue = device(guest);
        for (int turn = 0; turn < 3 * SIZE; turn += 2) {
            assertFalse(queue.enableNotifications());
            int place = (turn % SIZE) | (turn / SIZE % 2 == 0 ? EVENT_WRAP : 0);
            assertEquals(place | EVENT_DESC, guest.deviceEvent());
            guest.readable(BUFFER, 1).offer();
            assertTrue(guest.kick());
            guest.readable(BUFFER, 1).offer();
            assertFalse(guest.kick());
            queue.disableNotifications();
            assertEquals(EVENT_DISABLE, guest.deviceEvent());
            assertTrue(queue.pop(chain));
            queue.complete(chain.head(), 0);
            assertTrue(queue.pop(chain));
            queue.complete(chain.head(), 0);
            assertTrue(guest.collect());
            assertTrue(guest.collect());
        }
    }
}
