package vmm.virtio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import vmm.event.EventLoop;
import vmm.event.EventLoops;
import vmm.event.SteppedEventLoop;
import vmm.memory.GuestMemory;
import vmm.virtio.driver.MockDriver;
import vmm.virtio.driver.MockSplitQueue;

class QueueLoopsTest {
    private static final int SIZE = 8;
    private static final long IN = 0x80000;
    private static final long OUT = 0x90000;

    private final GuestMemory memory = GuestMemory.detached(1 << 20);
    private final SteppedEventLoop first = new SteppedEventLoop();
    private final SteppedEventLoop second = new SteppedEventLoop();

    @AfterEach
    void close() {
        first.close();
        second.close();
    }

    private static MockSplitQueue offered(MockDriver driver, int index) {
        MockSplitQueue guest = driver.addSplitQueue(index, SIZE);
        guest.readable(IN, 4).writable(OUT, 4).offer();
        guest.kick();
        return guest;
    }

    @Test
    void queuesGoToTheLoopsInTurn() {
        QueueLoops loops = QueueLoops.roundRobin(List.of(first, second));
        loops.check(5);
        assertEquals(first, loops.of(0));
        assertEquals(second, loops.of(1));
        assertEquals(first, loops.of(4));
        assertEquals(List.of(first, second), loops.distinct());
    }

    @Test
    void aMappingIsForExactlyTheQueuesOfTheDevice() {
        QueueLoops loops = QueueLoops.mapped(List.of(second, first, second));
        assertEquals(second, loops.of(2));
        assertEquals(List.of(second, first), loops.distinct());
        loops.check(3);
        assertThrows(IllegalArgumentException.class, () -> loops.check(2));
        assertThrows(IllegalArgumentException.class, () -> loops.check(4));
        assertThrows(IllegalArgumentException.class, () -> loops.of(3));
        assertThrows(IllegalArgumentException.class, () -> QueueLoops.mapped(List.of()));
    }

    @Test
    void eachLoopServesItsQueuesOnly() {
        EchoDevice device = new EchoDevice(QueueLoops.mapped(List.of(first, second, first)), 3, SIZE);
        try (MockDriver driver = new MockDriver(memory, device)) {
            driver.negotiate(0);
            List<MockSplitQueue> guests = List.of(offered(driver, 0), offered(driver, 1), offered(driver, 2));
            driver.activate();
            first.runUntilIdle();
            assertTrue(guests.get(0).collect());
            assertFalse(guests.get(1).collect());
            assertTrue(guests.get(2).collect());
            second.runUntilIdle();
            assertTrue(guests.get(1).collect());
        }
    }

    @Test
    void aFaultInOneQueueStopsThoseOfOtherLoopsToo() {
        EchoDevice device = new EchoDevice(QueueLoops.roundRobin(List.of(first, second)), 2, SIZE);
        try (MockDriver driver = new MockDriver(memory, device)) {
            driver.negotiate(0);
            MockSplitQueue good = driver.addSplitQueue(0, SIZE);
            MockSplitQueue bad = driver.addSplitQueue(1, SIZE);
            driver.activate();
            first.runUntilIdle();
            bad.putAvailIdx(SIZE + 1);
            second.runUntilIdle();
            assertNotNull(driver.broken());
            // What was on its way when the device broke is not looked at any more.
            first.runUntilIdle();
            good.readable(IN, 4).writable(OUT, 4).offer();
            good.ring();
            good.kick();
            first.runUntilIdle();
            assertEquals(0, device.handled);
        }
    }

    @Test
    void aLoopThatComesLateDoesNotServeABrokenDevice() {
        EchoDevice device = new EchoDevice(QueueLoops.roundRobin(List.of(first, second)), 2, SIZE);
        try (MockDriver driver = new MockDriver(memory, device)) {
            driver.negotiate(0);
            offered(driver, 0);
            driver.addSplitQueue(1, SIZE).putAvailIdx(SIZE + 1);
            driver.activate();
            second.runUntilIdle();
            assertNotNull(driver.broken());
            first.runUntilIdle();
            assertEquals(0, device.handled);
        }
    }

    @Test
    void aQueueStopsAndStartsAgainWhileAnotherOneWorks() {
        EchoDevice device = new EchoDevice(QueueLoops.roundRobin(List.of(first, second)), 3, SIZE);
        try (MockDriver driver = new MockDriver(memory, device)) {
            driver.negotiate(Features.RING_RESET);
            MockSplitQueue other = driver.addSplitQueue(0, SIZE);
            MockSplitQueue neighbour = driver.addSplitQueue(1, SIZE);
            driver.activate();
            first.runUntilIdle();
            second.runUntilIdle();

            device.resetQueue(0);
            other.readable(IN, 4).writable(OUT, 4).offer();
            other.ring();
            neighbour.readable(IN, 4).writable(OUT, 4).offer();
            neighbour.kick();
            first.runUntilIdle();
            second.runUntilIdle();
            assertFalse(other.collect());
            assertTrue(neighbour.collect());
            other.close();

            MockSplitQueue again = driver.addSplitQueue(0, SIZE / 2);
            again.readable(IN, 4).writable(OUT, 4).offer();
            device.enableQueue(again.setup());
            // One that the driver had not enabled before may come too.
            MockSplitQueue late = driver.addSplitQueue(2, SIZE);
            device.enableQueue(late.setup());
            first.runUntilIdle();
            again.kick();
            first.runUntilIdle();
            assertTrue(again.collect());
            late.readable(IN, 4).writable(OUT, 4).offer();
            late.kick();
            first.runUntilIdle();
            assertTrue(late.collect());
            assertNull(driver.broken());
        }
    }

    @Test
    void aQueuesResetWaitsForItsOwnRequestsOnly() {
        EchoDevice device = new EchoDevice(QueueLoops.single(first), 2, SIZE);
        try (MockDriver driver = new MockDriver(memory, device)) {
            driver.negotiate(Features.RING_RESET);
            MockSplitQueue idle = driver.addSplitQueue(0, SIZE);
            MockSplitQueue busy = offered(driver, 1);
            device.holding = true;
            driver.activate();
            first.runUntilIdle();
            assertEquals(1, device.held.size());
            device.resetQueue(0);
            assertThrows(IllegalStateException.class, () -> device.resetQueue(1));
            device.release();
            assertEquals(0, busy.usedIdx());
            idle.close();
        }
    }

    @Test
    void aQueueThatIsEnabledAgainInAnImpossiblePlaceBreaksTheDevice() {
        EchoDevice device = new EchoDevice(QueueLoops.single(first), 1, SIZE);
        try (MockDriver driver = new MockDriver(memory, device)) {
            driver.negotiate(Features.RING_RESET);
            QueueSetup good = driver.addSplitQueue(0, SIZE).setup();
            driver.activate();
            first.runUntilIdle();
            device.resetQueue(0);
            device.enableQueue(new QueueSetup(
                    0, SIZE, -16, good.driverArea(), good.deviceArea(), good.doorbell(), good.interrupt()));
            assertNotNull(driver.broken());
        }
    }

    @Test
    void aResetReturnsWhenALoopHasEnded() {
        EventLoop gone = EventLoops.start("gone");
        EchoDevice device = new EchoDevice(QueueLoops.roundRobin(List.of(gone, first)), 2, SIZE);
        try (MockDriver driver = new MockDriver(memory, device)) {
            driver.negotiate(0);
            offered(driver, 0);
            offered(driver, 1);
            device.holding = true;
            driver.activate();
            gone.call(() -> 0);
            gone.close();
            device.reset();
            assertNull(device.active);
        }
    }
}
