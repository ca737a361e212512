package vmm.virtio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vmm.event.EventLoop;
import vmm.event.EventLoops;
import vmm.event.SteppedEventLoop;
import vmm.memory.GuestMemory;
import vmm.virtio.driver.MockDriver;
import vmm.virtio.driver.MockSplitQueue;

class DeviceQueuesTest {
    private static final int SIZE = 8;
    private static final long IN = 0x80000;
    private static final long OUT = 0x90000;

    private final GuestMemory memory = GuestMemory.detached(1 << 20);
    private final SteppedEventLoop loop = new SteppedEventLoop();
    private final EchoDevice device = new EchoDevice(loop, 2, SIZE);
    private final MockDriver driver = new MockDriver(memory, device);

    @AfterEach
    void close() {
        loop.runUntilIdle();
        driver.close();
        loop.close();
    }

    private MockSplitQueue started(long features) {
        driver.negotiate(features);
        MockSplitQueue guest = driver.addSplitQueue(0, SIZE);
        driver.activate();
        loop.runUntilIdle();
        return guest;
    }

    private static DeviceQueues queuesOf(EchoDevice device) {
        return Objects.requireNonNull(device.active);
    }

    @Test
    void aBatchOfRequestsIsAnsweredWithOneInterrupt() {
        MockSplitQueue guest = started(0);
        memory.putInt(IN, 0x12345678);
        for (int i = 0; i < 5; i++) {
            guest.readable(IN, 4).writable(OUT, 4).offer();
            if (guest.free() < 2) {
                break;
            }
        }
        guest.kick();
        loop.runUntilIdle();
        assertEquals(1, guest.interrupts());
        assertTrue(guest.collect());
        assertEquals(4, guest.usedLength());
        assertEquals(0x12345678, memory.getInt(OUT));
        assertNull(driver.broken());
    }

    @Test
    void requestsMadeBeforeActivationAreFound() {
        driver.negotiate(0);
        MockSplitQueue guest = driver.addSplitQueue(0, SIZE);
        guest.readable(IN, 4).writable(OUT, 4).offer();
        guest.putAvailIdx(guest.availIdx());
        driver.activate();
        loop.runUntilIdle();
        assertTrue(guest.collect());
    }

    @Test
    void aResetBeforeTheLoopsFirstLookLeavesTheRingsAlone() {
        driver.negotiate(0);
        MockSplitQueue guest = driver.addSplitQueue(0, SIZE);
        guest.readable(IN, 4).writable(OUT, 4).offer();
        guest.putAvailIdx(guest.availIdx());
        driver.activate();
        driver.reset();
        loop.runUntilIdle();
        loop.poll();
        assertEquals(0, device.handled);
        assertEquals(0, guest.usedIdx());
    }

    @Test
    void aSpuriousDoorbellDoesNothing() {
        MockSplitQueue guest = started(Features.RING_EVENT_IDX);
        guest.ring();
        loop.runUntilIdle();
        assertEquals(0, guest.interrupts());
        assertEquals(0, device.handled);
        assertNull(driver.broken());
    }

    @Test
    void aFaultBreaksTheWholeDeviceAndTellsTheDriverOnce() {
        driver.negotiate(0);
        MockSplitQueue good = driver.addSplitQueue(0, SIZE);
        MockSplitQueue bad = driver.addSplitQueue(1, SIZE);
        driver.activate();
        loop.runUntilIdle();
        bad.putDescriptor(0, -1, 1, 0, 0);
        bad.putAvailIdx(1);
        bad.ring();
        loop.runUntilIdle();
        assertNotNull(driver.broken());

        good.readable(IN, 4).writable(OUT, 4).offer();
        good.ring();
        good.kick();
        loop.runUntilIdle();
        assertEquals(0, device.handled);
        assertEquals(0, good.usedIdx());
    }

    @Test
    void aDefectOfTheDeviceBreaksItAndAResetStillEnds() {
        MockSplitQueue guest = started(0);
        device.failing = true;
        guest.readable(IN, 4).writable(OUT, 4).offer();
        guest.kick();
        assertThrows(IllegalStateException.class, loop::runUntilIdle);
        assertNotNull(driver.broken());
        device.reset();
        assertNull(device.active);
    }

    @Test
    void aRequestThatADefectLostBreaksTheDeviceAndAResetStillEnds() {
        EventLoop worker = EventLoops.start("defective");
        EchoDevice echo = new EchoDevice(worker, 1, SIZE);
        echo.holding = true;
        echo.patience = Duration.ofMillis(100);
        try (MockDriver other = new MockDriver(memory, echo)) {
            other.negotiate(0);
            MockSplitQueue guest = other.addSplitQueue(0, SIZE);
            guest.readable(IN, 4).offer();
            guest.kick();
            other.activate();
            assertEquals(1, worker.call(echo.held::size));
            assertNull(other.broken());
            // As a disk's own code may fail between the kernel's answer and the device's.
            worker.post(() -> {
                throw new IllegalStateException("a defect of a disk");
            });
            worker.call(() -> 0);
            assertNotNull(other.broken());
            echo.reset();
            assertEquals(0, guest.usedIdx());
        } finally {
            worker.close();
        }
    }

    @Test
    void somebodyElsesDefectDoesNotConcernADeviceWithoutRequests() {
        MockSplitQueue guest = started(0);
        loop.post(() -> {
            throw new IllegalStateException("a defect of somebody else");
        });
        assertThrows(IllegalStateException.class, loop::step);
        guest.readable(IN, 4).writable(OUT, 4).offer();
        guest.kick();
        loop.runUntilIdle();
        assertTrue(guest.collect());
        assertNull(driver.broken());
    }

    @Test
    void aRequestThatItsDeviceGivesUpBreaksTheDeviceAndIsNotWaitedFor() {
        MockSplitQueue guest = started(0);
        device.holding = true;
        guest.readable(IN, 4).offer();
        guest.kick();
        loop.runUntilIdle();
        device.held.removeFirst().server().abandon(new IllegalStateException("a defect"));
        assertNotNull(driver.broken());
        device.reset();
        assertEquals(0, guest.usedIdx());
    }

    @Test
    void requestsInFlightWhenTheDeviceBreaksAreNotShownAsUsed() {
        MockSplitQueue guest = started(0);
        device.holding = true;
        guest.readable(IN, 4).offer();
        guest.kick();
        loop.runUntilIdle();
        guest.putAvailable(guest.availIdx(), SIZE);
        guest.putAvailIdx(guest.availIdx() + 1);
        guest.ring();
        loop.runUntilIdle();
        assertNotNull(driver.broken());
        loop.post(device::release);
        loop.runUntilIdle();
        assertEquals(0, guest.usedIdx());
        assertEquals(0, guest.interrupts());
    }

    @Test
    void aQueueOutsideMemoryBreaksTheDeviceAtOnce() {
        driver.negotiate(0);
        QueueSetup setup = driver.addSplitQueue(0, SIZE).setup();
        driver.activate(List.of(new QueueSetup(
                0, SIZE, -16, setup.driverArea(), setup.deviceArea(), setup.doorbell(), setup.interrupt())));
        assertNotNull(driver.broken());
        assertFalse(loop.step());
        driver.reset();
    }

    @Test
    void aBrokenDeviceWorksAgainAfterAReset() {
        MockSplitQueue guest = started(0);
        guest.putAvailIdx(SIZE + 1);
        guest.ring();
        loop.runUntilIdle();
        assertNotNull(driver.broken());
        driver.reset();
        MockSplitQueue again = started(Features.RING_EVENT_IDX);
        again.readable(IN, 4).writable(OUT, 4).offer();
        again.kick();
        loop.runUntilIdle();
        assertTrue(again.collect());
        assertNull(driver.broken());
    }

    @Test
    void theLoopCannotWaitForItselfInAReset() {
        MockSplitQueue guest = started(0);
        DeviceQueues queues = queuesOf(device);
        device.holding = true;
        guest.readable(IN, 4).offer();
        guest.kick();
        loop.runUntilIdle();
        assertThrows(IllegalStateException.class, queues::stop);
        device.release();
        queues.stop();
        device.active = null;
    }

    @Test
    void aResetFromAnotherThreadWaitsForRequestsInFlight() throws InterruptedException {
        MockSplitQueue guest = started(0);
        device.holding = true;
        guest.readable(IN, 4).offer();
        guest.kick();
        loop.runUntilIdle();
        Thread vcpu = new Thread(device::reset);
        vcpu.start();
        while (!loop.step()) {
            Thread.onSpinWait();
        }
        vcpu.join(50);
        assertTrue(vcpu.isAlive());
        device.release();
        vcpu.join(10_000);
        assertFalse(vcpu.isAlive());
        assertEquals(0, guest.usedIdx());
    }

    @Test
    void aDriverThatNeverStopsDoesNotKeepTheOtherQueuesWaiting() {
        driver.negotiate(0);
        MockSplitQueue endless = driver.addSplitQueue(0, SIZE);
        MockSplitQueue patient = driver.addSplitQueue(1, SIZE);
        driver.activate();
        loop.runUntilIdle();
        // Descriptor 0 again and again, without ever waiting for the device.
        endless.putDescriptor(0, IN, 4, 0, 0);
        patient.readable(IN, 4).writable(OUT, 4).offer();
        patient.kick();
        int shown = 0;
        for (int round = 0; round < 10; round++) {
            endless.putAvailIdx(shown += SIZE);
            endless.ring();
            int before = device.handled;
            loop.step();
            assertTrue(device.handled - before <= SIZE + 1);
        }
        assertTrue(patient.collect());
    }

    @Test
    void aPolledQueueGivesItsBuffersWhenTheDeviceWantsThem() {
        driver.negotiate(0);
        MockSplitQueue guest = driver.addSplitQueue(0, SIZE);
        DeviceQueues queues = new DeviceQueues(
                QueueLoops.single(loop),
                "events",
                new Activation(memory, driver.features(), List.<@Nullable QueueSetup>of(guest.setup()), driver));
        AtomicInteger rung = new AtomicInteger();
        QueueServer events = Objects.requireNonNull(queues.open(guest.setup(), 4, rung::incrementAndGet));
        queues.start();
        loop.runUntilIdle();
        assertNull(events.poll());
        assertFalse(events.listenForMore());
        int head = guest.writable(OUT, 16).offer();
        guest.kick();
        assertTrue(events.listenForMore());
        loop.runUntilIdle();
        assertEquals(1, rung.get());
        loop.post(() -> {
            DescriptorChain chain = Objects.requireNonNull(events.poll());
            chain.putInt(0, 7);
            events.complete(chain.head(), 4);
        });
        loop.runUntilIdle();
        assertTrue(guest.collect());
        assertEquals(head, guest.usedHead());
        assertEquals(7, memory.getInt(OUT));
        assertEquals(1, guest.interrupts());
        queues.stop();
        assertNull(events.poll());
        assertFalse(events.listenForMore());
    }

    @Test
    void whileTheLoopPollsTheDriverNeedNotRing() {
        for (long features : new long[] {0, Features.RING_EVENT_IDX}) {
            MockSplitQueue guest = started(features);
            assertFalse(loop.poll());
            for (int i = 0; i < 20; i++) {
                guest.readable(IN, 4).writable(OUT, 4).offer();
                assertFalse(guest.kick(), "request " + i);
                assertTrue(loop.poll());
                assertTrue(guest.collect());
                assertFalse(loop.poll());
            }
            assertEquals(20, guest.interrupts());
            // The next step waits, so from then on the driver has to ring.
            assertFalse(loop.step());
            guest.readable(IN, 4).writable(OUT, 4).offer();
            assertTrue(guest.kick());
            loop.runUntilIdle();
            assertTrue(guest.collect());
            driver.reset();
        }
    }

    @Test
    void aRequestThatComesBetweenTheLastLookAndTheWaitIsFound() {
        MockSplitQueue guest = started(Features.RING_EVENT_IDX);
        assertFalse(loop.poll());
        guest.readable(IN, 4).writable(OUT, 4).offer();
        assertFalse(guest.kick());
        assertTrue(loop.step());
        assertTrue(guest.collect());
    }

    @Test
    void aFaultThatPollingFindsBreaksTheDevice() {
        MockSplitQueue guest = started(0);
        guest.putAvailIdx(SIZE + 1);
        assertTrue(loop.poll());
        assertNotNull(driver.broken());
        assertFalse(loop.poll());
        assertFalse(loop.step());
    }

    @Test
    void aPolledDriverThatNeverStopsGetsNoMoreThanItsShareOfALook() {
        MockSplitQueue endless = started(0);
        endless.putDescriptor(0, IN, 4, 0, 0);
        for (int round = 1; round < 10; round++) {
            endless.putAvailIdx(SIZE * round);
            assertTrue(loop.poll());
            assertEquals(SIZE * round, device.handled);
        }
    }

    @Test
    void theDoorbellEventTellsDeviceQueueAndChains(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("doorbell.jfr");
        try (Recording recording = new Recording()) {
            recording.enable("vmm.Doorbell");
            recording.start();
            MockSplitQueue guest = started(0);
            guest.readable(IN, 4).writable(OUT, 4).offer();
            guest.readable(IN, 4).writable(OUT, 4).offer();
            guest.kick();
            loop.runUntilIdle();
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getInt("chains") == 2)
                .toList();
        assertEquals(1, events.size());
        assertEquals("echo", events.getFirst().getString("device"));
        assertEquals(0, events.getFirst().getInt("queue"));
        assertTrue(Files.size(file) > 0);
    }
}
