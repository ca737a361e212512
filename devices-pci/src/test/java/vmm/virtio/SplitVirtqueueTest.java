package vmm.virtio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import vmm.memory.GuestFaultException;
import vmm.memory.GuestMemory;
import vmm.virtio.driver.MockDriver;
import vmm.virtio.driver.MockSplitQueue;

class SplitVirtqueueTest {
    private static final int SIZE = 8;
    private static final long RAM = 1 << 20;
    private static final int NEXT = MockSplitQueue.DESC_F_NEXT;
    private static final int WRITE = MockSplitQueue.DESC_F_WRITE;
    private static final int INDIRECT = MockSplitQueue.DESC_F_INDIRECT;
    private static final long BUFFER = 0x80000;
    private static final long TABLE = 0x90000;

    private final GuestMemory memory = GuestMemory.detached(RAM);
    private final MockDriver driver = new MockDriver(memory, new IdleDevice(SIZE));
    private final DescriptorChain chain = new DescriptorChain(memory, 16);

    @AfterEach
    void closeDriver() {
        driver.close();
    }

    private MockSplitQueue guest(long features) {
        driver.negotiate(features);
        return driver.addSplitQueue(0, SIZE);
    }

    private SplitVirtqueue device(MockSplitQueue guest) {
        return new SplitVirtqueue(memory, guest.setup(), driver.features());
    }

    private static QueueSetup placed(QueueSetup setup, int size, long descriptors, long driverArea, long deviceArea) {
        return new QueueSetup(
                setup.index(), size, descriptors, driverArea, deviceArea, setup.doorbell(), setup.interrupt());
    }

    private void assertRefused(int size, long descriptors, long driverArea, long deviceArea) {
        QueueSetup setup = placed(driver.addSplitQueue(0, SIZE).setup(), size, descriptors, driverArea, deviceArea);
        assertThrows(GuestFaultException.class, () -> new SplitVirtqueue(memory, setup, 0));
    }

    /** Offers descriptor {@code head} as it stands and expects that it breaks the queue. */
    private void assertBroken(MockSplitQueue guest, int head) {
        SplitVirtqueue queue = device(guest);
        guest.putAvailable(0, head);
        guest.putAvailIdx(1);
        assertThrows(GuestFaultException.class, () -> queue.pop(chain));
        assertEquals(0, queue.counters().popped());
    }

    @Test
    void theThreeAreasMustBeAlignedAndInMemory() {
        guest(0);
        assertRefused(SIZE, 0x1008, 0x2000, 0x3000);
        assertRefused(SIZE, 0x1000, 0x2001, 0x3000);
        assertRefused(SIZE, 0x1000, 0x2000, 0x3002);
        assertRefused(SIZE, RAM - 16, 0x2000, 0x3000);
        assertRefused(SIZE, 0x1000, RAM - 4, 0x3000);
        assertRefused(SIZE, 0x1000, 0x2000, RAM - 64);
        assertRefused(SIZE, -16, 0x2000, 0x3000);
        assertRefused(SIZE, 0x1000, Long.MAX_VALUE - 1, 0x3000);
        assertRefused(SIZE, 0x1000, 0x2000, Long.MIN_VALUE);
    }

    @Test
    void theSizeMustBeAPowerOfTwoUpTo32768() {
        guest(0);
        assertRefused(0, 0x1000, 0x2000, 0x3000);
        assertRefused(-8, 0x1000, 0x2000, 0x3000);
        assertRefused(12, 0x1000, 0x2000, 0x3000);
        assertRefused(65536, 0x1000, 0x2000, 0x3000);
    }

    @Test
    void areasThatEndWithMemoryAreTaken() {
        guest(0);
        QueueSetup setup = placed(
                driver.addSplitQueue(0, SIZE).setup(), SIZE, RAM - 16 * SIZE, RAM - 6 - 2 * SIZE, RAM - 8 - 8 * SIZE);
        assertFalse(new SplitVirtqueue(memory, setup, 0).pop(chain));
    }

    @Test
    void nothingIsPoppedBeforeTheDriverShowsItsIndex() {
        MockSplitQueue guest = guest(0);
        SplitVirtqueue queue = device(guest);
        guest.readable(BUFFER, 10).offer();
        assertFalse(queue.pop(chain));
        guest.kick();
        assertTrue(queue.pop(chain));
        assertFalse(queue.pop(chain));
    }

    @Test
    void aDirectChainHasItsReadableAndWritableBuffersInOrder() {
        MockSplitQueue guest = guest(0);
        SplitVirtqueue queue = device(guest);
        int head = guest.readable(BUFFER, 16)
                .readable(BUFFER + 100, 1)
                .writable(BUFFER + 200, 512)
                .writable(BUFFER + 800, 1)
                .offer();
        guest.kick();
        assertTrue(queue.pop(chain));
        assertEquals(head, chain.head());
        assertEquals(4, chain.count());
        assertEquals(2, chain.readableCount());
        assertEquals(2, chain.writableCount());
        assertEquals(17, chain.readableBytes());
        assertEquals(513, chain.writableBytes());
        assertEquals(BUFFER + 200, chain.address(2));
        assertEquals(512, chain.length(2));
    }

    @Test
    void anIndirectChainIsTheSameAsADirectOne() {
        MockSplitQueue guest = guest(Features.RING_INDIRECT_DESC);
        SplitVirtqueue queue = device(guest);
        guest.readable(BUFFER, 16).writable(BUFFER + 200, 512).writable(BUFFER + 800, 1);
        guest.offerIndirect(TABLE);
        guest.kick();
        assertTrue(queue.pop(chain));
        assertEquals(1, chain.readableCount());
        assertEquals(2, chain.writableCount());
        assertEquals(SIZE - 1, guest.free());
        assertEquals(BUFFER + 800, chain.address(2));
    }

    @Test
    void directDescriptorsMayEndInAnIndirectOneWhoseWriteFlagIsIgnored() {
        MockSplitQueue guest = guest(Features.RING_INDIRECT_DESC);
        SplitVirtqueue queue = device(guest);
        guest.putDescriptor(0, BUFFER, 4, NEXT, 3);
        guest.putDescriptor(3, TABLE, 32, INDIRECT | WRITE, 0);
        guest.putDescriptor(TABLE, 0, BUFFER + 4, 4, NEXT, 1);
        guest.putDescriptor(TABLE, 1, BUFFER + 8, 4, WRITE, 0);
        guest.putAvailable(0, 0);
        guest.putAvailIdx(1);
        assertTrue(queue.pop(chain));
        assertEquals(8, chain.readableBytes());
        assertEquals(4, chain.writableBytes());
    }

    @Test
    void anIndirectChainMayFollowItsNextFieldsInAnyOrder() {
        MockSplitQueue guest = guest(Features.RING_INDIRECT_DESC);
        SplitVirtqueue queue = device(guest);
        guest.putDescriptor(0, TABLE, 48, INDIRECT, 0);
        guest.putDescriptor(TABLE, 0, BUFFER, 1, NEXT, 2);
        guest.putDescriptor(TABLE, 2, BUFFER, 2, NEXT, 1);
        guest.putDescriptor(TABLE, 1, BUFFER, 3, 0, 0);
        guest.putAvailIdx(1);
        assertTrue(queue.pop(chain));
        assertEquals(2, chain.length(1));
        assertEquals(3, chain.length(2));
    }

    @Test
    void anIndirectChainMayBeLongerThanTheQueueButNotThanTheDeviceTakes() {
        MockSplitQueue guest = guest(Features.RING_INDIRECT_DESC);
        for (int i = 0; i < 17; i++) {
            guest.putDescriptor(TABLE, i, BUFFER, 1, i == 15 ? 0 : NEXT, i + 1);
        }
        SplitVirtqueue queue = device(guest);
        guest.putDescriptor(0, TABLE, 16 * 16, INDIRECT, 0);
        guest.putAvailIdx(1);
        assertTrue(queue.pop(chain));
        assertEquals(16, chain.count());

        guest.putDescriptor(TABLE, 15, BUFFER, 1, NEXT, 16);
        guest.putDescriptor(TABLE, 16, BUFFER, 1, 0, 0);
        guest.putDescriptor(0, TABLE, 16 * 17, INDIRECT, 0);
        guest.putAvailIdx(2);
        assertThrows(GuestFaultException.class, () -> queue.pop(chain));
    }

    @Test
    void aDescriptorLoopBreaksTheQueue() {
        MockSplitQueue guest = guest(0);
        guest.putDescriptor(0, BUFFER, 1, NEXT, 1);
        guest.putDescriptor(1, BUFFER, 1, NEXT, 0);
        assertBroken(guest, 0);
        guest.putDescriptor(2, BUFFER, 1, NEXT, 2);
        assertBroken(guest, 2);
    }

    @Test
    void aLoopOfEmptyDescriptorsBreaksTheQueue() {
        MockSplitQueue guest = guest(0);
        guest.putDescriptor(0, BUFFER, 0, NEXT, 0);
        assertBroken(guest, 0);
    }

    @Test
    void aLoopInAnIndirectTableBreaksTheQueue() {
        MockSplitQueue guest = guest(Features.RING_INDIRECT_DESC);
        guest.putDescriptor(0, TABLE, 32, INDIRECT, 0);
        guest.putDescriptor(TABLE, 0, BUFFER, 1, NEXT, 1);
        guest.putDescriptor(TABLE, 1, BUFFER, 1, NEXT, 1);
        assertBroken(guest, 0);
    }

    @Test
    void aHeadOrNextBeyondTheTableBreaksTheQueue() {
        MockSplitQueue guest = guest(Features.RING_INDIRECT_DESC);
        assertBroken(guest, SIZE);
        assertBroken(guest, 0xffff);
        guest.putDescriptor(0, BUFFER, 1, NEXT, SIZE);
        assertBroken(guest, 0);
        guest.putDescriptor(0, TABLE, 16, INDIRECT, 0);
        guest.putDescriptor(TABLE, 0, BUFFER, 1, NEXT, 1);
        assertBroken(guest, 0);
    }

    @Test
    void anIndirectTableIsRefusedUnlessItFollowsTheRules() {
        MockSplitQueue guest = guest(Features.RING_INDIRECT_DESC);
        guest.putDescriptor(TABLE, 0, BUFFER, 1, 0, 0);
        guest.putDescriptor(0, TABLE, 0, INDIRECT, 0);
        assertBroken(guest, 0);
        guest.putDescriptor(0, TABLE, 17, INDIRECT, 0);
        assertBroken(guest, 0);
        guest.putDescriptor(0, TABLE, 16, INDIRECT | NEXT, 1);
        assertBroken(guest, 0);
        guest.putDescriptor(0, RAM - 8, 16, INDIRECT, 0);
        assertBroken(guest, 0);
        guest.putDescriptor(0, TABLE, 16, INDIRECT, 0);
        guest.putDescriptor(TABLE, 0, TABLE, 16, INDIRECT, 0);
        assertBroken(guest, 0);
    }

    @Test
    void anIndirectTableIsRefusedIfItWasNotNegotiated() {
        MockSplitQueue guest = guest(0);
        guest.putDescriptor(0, TABLE, 16, INDIRECT, 0);
        guest.putDescriptor(TABLE, 0, BUFFER, 1, 0, 0);
        assertBroken(guest, 0);
    }

    @Test
    void aReadableBufferAfterAWritableOneBreaksTheQueue() {
        MockSplitQueue guest = guest(0);
        guest.putDescriptor(0, BUFFER, 1, NEXT | WRITE, 1);
        guest.putDescriptor(1, BUFFER, 1, 0, 0);
        assertBroken(guest, 0);
    }

    @Test
    void aBufferOutsideMemoryBreaksTheQueue() {
        MockSplitQueue guest = guest(0);
        for (long address : new long[] {RAM, RAM - 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 0xffff_ffffL}) {
            guest.putDescriptor(0, address, 2, 0, 0);
            assertBroken(guest, 0);
        }
        guest.putDescriptor(0, BUFFER, 0xffff_ffffL, WRITE, 0);
        assertBroken(guest, 0);
    }

    @Test
    void aChainOf4GibBreaksTheQueue() {
        // Takes no room on the host before it is touched.
        GuestMemory large = GuestMemory.allocate(3L << 30);
        try {
            MockDriver largeDriver = new MockDriver(large, new IdleDevice(SIZE));
            MockSplitQueue guest = largeDriver.addSplitQueue(0, SIZE);
            DescriptorChain target = new DescriptorChain(large, SIZE);
            SplitVirtqueue queue = new SplitVirtqueue(large, guest.setup(), 0);
            guest.putDescriptor(0, 0, 2L << 30, NEXT, 1);
            guest.putDescriptor(1, 0, (2L << 30) - 1, 0, 0);
            guest.putAvailIdx(1);
            assertTrue(queue.pop(target));
            assertEquals(0xffff_ffffL, target.readableBytes());
            guest.putDescriptor(1, 0, 2L << 30, 0, 0);
            guest.putAvailIdx(2);
            assertThrows(GuestFaultException.class, () -> queue.pop(target));
            largeDriver.close();
        } finally {
            large.close();
        }
    }

    @Test
    void anAvailableIndexFurtherAheadThanTheQueueIsLongBreaksTheQueue() {
        MockSplitQueue guest = guest(0);
        SplitVirtqueue queue = device(guest);
        guest.putAvailIdx(SIZE + 1);
        assertThrows(GuestFaultException.class, () -> queue.pop(chain));
        assertThrows(GuestFaultException.class, queue::enableNotifications);
    }

    @Test
    void anAvailableIndexThatGoesBackBreaksTheQueue() {
        MockSplitQueue guest = guest(0);
        SplitVirtqueue queue = device(guest);
        guest.readable(BUFFER, 1).offer();
        guest.kick();
        assertTrue(queue.pop(chain));
        guest.putAvailIdx(0);
        assertThrows(GuestFaultException.class, () -> queue.pop(chain));
    }

    @Test
    void moreChainsInFlightThanDescriptorsBreakTheQueue() {
        MockSplitQueue guest = guest(0);
        SplitVirtqueue queue = device(guest);
        guest.putDescriptor(0, BUFFER, 1, 0, 0);
        guest.putAvailIdx(SIZE);
        for (int i = 0; i < SIZE; i++) {
            assertTrue(queue.pop(chain));
        }
        assertEquals(SIZE, queue.inFlight());
        guest.putAvailIdx(SIZE + 1);
        assertThrows(GuestFaultException.class, () -> queue.pop(chain));
    }

    @Test
    void whatWasNeverPoppedCannotBeCompleted() {
        SplitVirtqueue queue = device(guest(0));
        assertThrows(IllegalStateException.class, () -> queue.complete(0, 0));
    }

    @Test
    void theDriverSeesACompletionAtOnceAndIsInterruptedOnceForAll() {
        MockSplitQueue guest = guest(0);
        SplitVirtqueue queue = device(guest);
        int head = guest.writable(BUFFER, 100).offer();
        guest.kick();
        assertTrue(queue.pop(chain));
        queue.complete(chain.head(), 0xffff_fffeL);
        assertEquals(0, guest.interrupts());
        assertTrue(guest.collect());
        assertTrue(queue.notifyDriver());
        assertFalse(queue.notifyDriver());
        assertEquals(1, guest.interrupts());
        assertEquals(head, guest.usedHead());
        assertEquals(0xffff_fffeL, guest.usedLength());
        assertFalse(guest.collect());
        assertEquals(new Virtqueue.State(1, 1), queue.state());
    }

    @Test
    void chainsMayBeCompletedInAnyOrder() {
        MockSplitQueue guest = guest(0);
        SplitVirtqueue queue = device(guest);
        int first = guest.writable(BUFFER, 1).offer();
        int second = guest.writable(BUFFER, 1).offer();
        guest.kick();
        assertTrue(queue.pop(chain));
        assertTrue(queue.pop(chain));
        queue.complete(second, 1);
        queue.complete(first, 1);
        queue.notifyDriver();
        assertTrue(guest.collect());
        assertEquals(second, guest.usedHead());
        assertTrue(guest.collect());
        assertEquals(first, guest.usedHead());
    }

    @Test
    void manyTurnsOfBothRingsPastTheWrapOfTheirIndicesLoseNothing() {
        for (long features : new long[] {0, Features.RING_EVENT_IDX}) {
            MockSplitQueue guest = guest(features);
            SplitVirtqueue queue = device(guest);
            queue.enableNotifications();
            for (int turn = 0; turn < 70_000; turn++) {
                int head = guest.readable(BUFFER, 16).writable(BUFFER, 1).offer();
                assertTrue(guest.kick(), "turn " + turn);
                assertTrue(queue.pop(chain));
                queue.complete(chain.head(), turn);
                assertTrue(queue.notifyDriver(), "turn " + turn);
                assertFalse(queue.enableNotifications());
                assertTrue(guest.collect());
                assertEquals(head, guest.usedHead());
                assertEquals(turn, guest.usedLength());
            }
            assertEquals(70_000, guest.interrupts());
            assertEquals(new Virtqueue.Counters(70_000, 70_000, 70_000, 0), queue.counters());
            guest.close();
        }
    }

    @Test
    void aQueueGoesOnFromItsState() {
        MockSplitQueue guest = guest(0);
        SplitVirtqueue before = device(guest);
        guest.writable(BUFFER, 1).offer();
        guest.kick();
        assertTrue(before.pop(chain));
        before.complete(chain.head(), 1);
        before.notifyDriver();
        assertTrue(guest.collect());

        SplitVirtqueue after = new SplitVirtqueue(memory, guest.setup(), driver.features(), before.state());
        assertFalse(after.pop(chain));
        int head = guest.writable(BUFFER, 1).offer();
        guest.kick();
        assertTrue(after.pop(chain));
        after.complete(chain.head(), 1);
        after.notifyDriver();
        assertTrue(guest.collect());
        assertEquals(head, guest.usedHead());
    }

    private void complete(MockSplitQueue guest, SplitVirtqueue queue, int chains) {
        for (int i = 0; i < chains; i++) {
            guest.writable(BUFFER, 1).offer();
        }
        guest.kick();
        for (int i = 0; i < chains; i++) {
            assertTrue(queue.pop(chain));
            queue.complete(chain.head(), 1);
        }
    }

    @Test
    void whereNothingWasCompletedNobodyIsInterrupted() {
        MockSplitQueue guest = guest(0);
        assertFalse(device(guest).notifyDriver());
        assertEquals(0, guest.interrupts());
    }

    @Test
    void theAvailableRingsFlagSuppressesInterruptsWithoutEventIdx() {
        MockSplitQueue guest = guest(0);
        SplitVirtqueue queue = device(guest);
        guest.wantInterrupts(false);
        complete(guest, queue, 1);
        assertFalse(queue.notifyDriver());
        guest.wantInterrupts(true);
        complete(guest, queue, 1);
        assertTrue(queue.notifyDriver());
        assertEquals(1, guest.interrupts());
        assertEquals(1, queue.counters().suppressed());
        assertEquals(1, queue.counters().notified());
    }

    @Test
    void theAvailableRingsFlagIsIgnoredWithEventIdx() {
        MockSplitQueue guest = guest(Features.RING_EVENT_IDX);
        SplitVirtqueue queue = device(guest);
        memory.putShort(guest.driverArea(), 1);
        complete(guest, queue, 1);
        assertTrue(queue.notifyDriver());
    }

    @Test
    void usedEventIsIgnoredWithoutEventIdx() {
        MockSplitQueue guest = guest(0);
        SplitVirtqueue queue = device(guest);
        guest.putUsedEvent(1000);
        complete(guest, queue, 1);
        assertTrue(queue.notifyDriver());
    }

    @Test
    void aBatchInterruptsExactlyIfItWritesTheEntryAtUsedEvent() {
        for (int event = 0; event < 7; event++) {
            MockSplitQueue guest = guest(Features.RING_EVENT_IDX);
            SplitVirtqueue queue = device(guest);
            guest.putUsedEvent(0x8000);
            complete(guest, queue, 2);
            assertFalse(queue.notifyDriver());
            guest.putUsedEvent(event);
            complete(guest, queue, 3);
            assertEquals(event >= 2 && event <= 4, queue.notifyDriver(), "used_event " + event);
            guest.close();
        }
    }

    @Test
    void usedEventIsComparedAcrossTheWrapOfTheIndex() {
        for (int event = 0xfffc; event < 0x10004; event++) {
            MockSplitQueue guest = guest(Features.RING_EVENT_IDX);
            guest.putAvailIdx(0xfffe);
            SplitVirtqueue queue =
                    new SplitVirtqueue(memory, guest.setup(), driver.features(), new Virtqueue.State(0xfffe, 0xfffe));
            guest.putDescriptor(0, BUFFER, 1, 0, 0);
            guest.putUsedEvent(event);
            guest.putAvailIdx(0x10002);
            for (int i = 0; i < 4; i++) {
                assertTrue(queue.pop(chain));
                queue.complete(0, 0);
            }
            // Writes the entries 0xfffe, 0xffff, 0 and 1.
            assertEquals(event >= 0xfffe && event <= 0x10001, queue.notifyDriver(), "used_event " + event);
            assertEquals(2, guest.usedIdx());
            guest.close();
        }
    }

    @Test
    void theUsedRingsFlagSuppressesDoorbellsWithoutEventIdx() {
        MockSplitQueue guest = guest(0);
        SplitVirtqueue queue = device(guest);
        queue.disableNotifications();
        assertEquals(1, guest.usedFlags());
        guest.readable(BUFFER, 1).offer();
        assertFalse(guest.kick());
        assertTrue(queue.enableNotifications());
        assertEquals(0, guest.usedFlags());
        assertTrue(queue.pop(chain));
        assertFalse(queue.enableNotifications());
        guest.readable(BUFFER, 1).offer();
        assertTrue(guest.kick());
    }

    @Test
    void availEventSuppressesDoorbellsWithEventIdxAndFlagsStayZero() {
        MockSplitQueue guest = guest(Features.RING_EVENT_IDX);
        SplitVirtqueue queue = device(guest);
        guest.readable(BUFFER, 1).offer();
        assertTrue(guest.kick());
        queue.disableNotifications();
        assertTrue(queue.pop(chain));
        guest.readable(BUFFER, 1).offer();
        assertFalse(guest.kick());
        assertEquals(0, guest.usedFlags());
        assertTrue(queue.enableNotifications());
        assertEquals(1, guest.availEvent());
        assertTrue(queue.pop(chain));
        assertFalse(queue.enableNotifications());
        assertEquals(2, guest.availEvent());
        guest.readable(BUFFER, 1).offer();
        assertTrue(guest.kick());
    }
}
