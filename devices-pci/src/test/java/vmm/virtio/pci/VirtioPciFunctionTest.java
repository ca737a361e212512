package vmm.virtio.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import vmm.bus.Bus;
import vmm.memory.GuestMemory;
import vmm.pci.ConfigSpace;
import vmm.pci.FakeLine;
import vmm.pci.FakeRouter;
import vmm.pci.PciBus;
import vmm.pci.PciResources;
import vmm.pci.PciWindows;
import vmm.pci.chipset.PiixIsaBridge;
import vmm.virtio.DeviceEvents;
import vmm.virtio.Features;
import vmm.virtio.QueueSetup;

final class VirtioPciFunctionTest {
    private static final int SLOT = 5;
    private static final int QUEUES = 3;
    private static final long ACCEPTED = Features.VERSION_1 | Features.RING_EVENT_IDX;

    private final Bus ports = new Bus();
    private final Bus mmio = new Bus();
    private final GuestMemory memory = GuestMemory.detached(1 << 20);
    private final FakeLine[] isa = FakeLine.isa();
    private final FakeRouter router = new FakeRouter();
    private final FakeDoorbells doorbells = new FakeDoorbells();
    private final FakeDevice device = new FakeDevice(2, 256, 128, 64);
    private final VirtioPciFunction function =
            new VirtioPciFunction("virtio-blk", device, VirtioTransport.MODERN, memory, doorbells, router);
    private final PciBus bus;
    private final VirtioPciDriver driver;

    VirtioPciFunctionTest() {
        PiixIsaBridge isaBridge = new PiixIsaBridge(isa);
        bus = new PciBus(ports, mmio, memory, isaBridge);
        bus.add(1, 0, isaBridge);
        bus.add(SLOT, 0, function);
        new PciResources(PciWindows.of(memory)).assign(bus);
        driver = new VirtioPciDriver(ports, mmio, SLOT);
    }

    @AfterEach
    void closeTheBus() {
        bus.close();
        assertTrue(doorbells.connected.isEmpty());
        assertTrue(router.routes.stream().allMatch(route -> route.closed));
    }

    private QueueSetup queue(int index) {
        return Objects.requireNonNull(device.activation().queues().get(index));
    }

    private void notifyQueue(int index, int size) {
        mmio.write(driver.notify + (long) index * driver.notifyMultiplier, size, index);
    }

    @Test
    void itPresentsAModernDevice() {
        assertEquals(0x1042_1af4, driver.config.read(SLOT, 0, ConfigSpace.VENDOR_ID, 4));
        assertEquals(0x0100_0001, driver.config.read(SLOT, 0, ConfigSpace.REVISION_ID, 4));
        assertEquals(0x1100_1af4, driver.config.read(SLOT, 0, ConfigSpace.SUBSYSTEM_VENDOR_ID, 4));
        assertEquals(1, driver.config.read(SLOT, 0, ConfigSpace.INTERRUPT_PIN, 1));
    }

    @Test
    void itsStructuresAreWhereDriversAreUsedToFindThem() {
        assertEquals(0x98, driver.msix);
        assertEquals(0x84, driver.pciCfg);
        assertEquals(driver.common + 0x1000, driver.isr);
        assertEquals(driver.common + 0x2000, driver.device);
        assertEquals(driver.common + 0x3000, driver.notify);
        assertEquals(4, driver.notifyMultiplier);
        assertEquals(3, driver.config.read(SLOT, 0, driver.msix + 2, 2));
    }

    @Test
    void itsCapabilitiesAreByteForByteThoseOfQemu() {
        // Configuration space from 0x40, as QEMU 7.2 shows it for a modern virtio function of four vectors.
        String expected = """
                09 00 10 01 04 00 00 00 00 00 00 00 00 10 00 00
                09 40 10 03 04 00 00 00 00 10 00 00 00 10 00 00
                09 50 10 04 04 00 00 00 00 20 00 00 00 10 00 00
                09 60 14 02 04 00 00 00 00 30 00 00 00 10 00 00
                04 00 00 00 09 70 14 05 00 00 00 00 00 00 00 00
                00 00 00 00 00 00 00 00 11 84 03 00 01 00 00 00
                01 08 00 00 00 00 00 00 00 00 00 00 00 00 00 00
                """;
        StringBuilder actual = new StringBuilder();
        for (int offset = 0x40; offset < 0xb0; offset++) {
            actual.append("%02x".formatted(driver.config.read(SLOT, 0, offset, 1)))
                    .append(offset % 16 == 15 ? '\n' : ' ');
        }
        assertEquals(expected, actual.toString());
        assertEquals(0x98, driver.config.read(SLOT, 0, ConfigSpace.CAPABILITIES_POINTER, 1));
    }

    /** What a vCPU still wants that began its access before the function left the bus. */
    @Test
    void aFunctionThatHasRetiredDoesNothingAnyMore() {
        driver.start(ACCEPTED, 2);
        function.retire();
        assertEquals(1, device.resets);
        assertEquals(0, driver.status());
        assertTrue(doorbells.connected.isEmpty());
        driver.write(20, 1, 15);
        assertEquals(1, device.activations);

        function.close();
        long updates = router.routes.stream().mapToInt(route -> route.updates).sum();
        notifyQueue(0, 2);
        driver.config.write(SLOT, 0, driver.msix + 2, 2, 0x8000);
        assertEquals(1, device.activations);
        assertEquals(
                updates, router.routes.stream().mapToInt(route -> route.updates).sum(), "the routes are others' now");
        assertEquals(List.of(function), bus.remove(SLOT));
        assertEquals(-1, driver.config.read(SLOT, 0, ConfigSpace.VENDOR_ID, 4));
        assertEquals(List.of(), bus.remove(SLOT));
    }

    @Test
    void twoPagesOfFeaturesAreOfferedAndOthersReadZero() {
        assertEquals(FakeDevice.OFFERED | Features.VERSION_1, driver.offered());
        driver.write(0, 4, 2);
        assertEquals(0, driver.read(4, 4));
        driver.write(0, 4, 0xffff_ffffL);
        assertEquals(0, driver.read(4, 4));
    }

    @Test
    void aDriverThatFollowsTheStepsStartsTheDevice() {
        driver.start(ACCEPTED, 2);
        assertEquals(15, driver.status());
        assertEquals(1, device.activations);
        assertEquals(ACCEPTED, device.activation().features());
        assertEquals(memory, device.activation().memory());
        assertEquals(QUEUES, device.activation().queues().size());
        QueueSetup second = queue(1);
        assertEquals(1, second.index());
        assertEquals(128, second.size());
        assertEquals(0x20000, second.descriptorArea());
        assertEquals(0x21000, second.driverArea());
        assertEquals(0x22000, second.deviceArea());
        assertNull(device.activation().queues().get(2));
    }

    @Test
    void featuresThatWereNotOfferedAreRefused() {
        driver.setStatus(3);
        driver.accept(Features.VERSION_1 | 1L << 7);
        driver.setStatus(11);
        assertEquals(3, driver.status());
        driver.accept(Features.VERSION_1);
        driver.setStatus(11);
        assertEquals(11, driver.status());
    }

    @Test
    void aDriverWithoutVersion1IsRefused() {
        driver.setStatus(3);
        driver.accept(Features.RING_EVENT_IDX);
        driver.setStatus(11);
        assertEquals(3, driver.status());
    }

    @Test
    void theDeviceDoesNotStartBeforeFeaturesAreSettled() {
        driver.setStatus(7);
        assertEquals(3, driver.status());
        assertEquals(0, device.activations);
    }

    @Test
    void featuresDoNotChangeOnceTheyAreSettled() {
        driver.start(ACCEPTED, 1);
        driver.accept(0);
        assertEquals(ACCEPTED, function.snapshot().driverFeatures());
    }

    @Test
    void statusBitsAreOnlyAddedUntilAReset() {
        driver.start(ACCEPTED, 1);
        driver.setStatus(1);
        assertEquals(15, driver.status());
        driver.setStatus(0x40);
        assertEquals(15, driver.status());
        driver.setStatus(0x8f);
        assertEquals(0x8f, driver.status());
        assertEquals(1, device.activations);
    }

    @Test
    void writingZeroResetsTheDeviceAndTheTransport() {
        VirtioPciState initial = function.snapshot();
        driver.start(ACCEPTED, QUEUES);
        driver.write(0x10, 2, 0);
        driver.setStatus(0);
        assertEquals(1, device.resets);
        assertEquals(0, driver.status());
        assertEquals(initial, function.snapshot());
        driver.setStatus(0);
        assertEquals(1, device.resets, "nothing runs that could be reset");
        driver.start(ACCEPTED, QUEUES);
        assertEquals(2, device.activations);
    }

    @Test
    void aFunctionThatIsNoBusMasterAnyMoreStopsItsDevice() {
        driver.config.write(SLOT, 0, ConfigSpace.COMMAND, 2, ConfigSpace.COMMAND_MEMORY | ConfigSpace.COMMAND_MASTER);
        driver.start(ACCEPTED, QUEUES);
        driver.config.write(SLOT, 0, ConfigSpace.COMMAND, 2, ConfigSpace.COMMAND_MEMORY);
        assertEquals(1, device.resets);
        assertEquals(11, driver.status());
        assertTrue(doorbells.connected.isEmpty());
        driver.config.write(SLOT, 0, ConfigSpace.COMMAND, 2, ConfigSpace.COMMAND_MEMORY | ConfigSpace.COMMAND_MASTER);
        assertEquals(1, device.activations);
        driver.start(ACCEPTED, QUEUES);
        assertEquals(15, driver.status());
        assertEquals(2, device.activations);
        assertEquals(1, device.resets);
    }

    @Test
    void aWorkerCanInterruptWhileTheResetWaitsForIt() throws InterruptedException {
        driver.start(ACCEPTED, 1);
        driver.enableMsix(4);
        QueueSetup setup = queue(0);
        DeviceEvents events = device.activation().events();
        CountDownLatch done = new CountDownLatch(1);
        boolean[] inTime = {false};
        device.whileResetting = () -> {
            Thread.ofPlatform().start(() -> {
                setup.interrupt().signal();
                events.configChanged();
                events.needsReset("while resetting");
                done.countDown();
            });
            try {
                inTime[0] = done.await(20, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
        driver.writeByWindow(4, 0x14, 1, 0);
        assertTrue(inTime[0]);
        assertEquals(0, driver.status());
    }

    @Test
    void aQueueThatDoesNotExistHasSizeZeroAndIgnoresWrites() {
        driver.select(QUEUES);
        assertEquals(0, driver.read(0x18, 2));
        VirtioPciState before = function.snapshot();
        driver.setUp(QUEUES, 16, 0x5000);
        driver.write(0x1a, 2, 0);
        driver.setUp(0xffff, 16, 0x5000);
        driver.select(QUEUES);
        assertEquals(before, function.snapshot());
        assertEquals(QUEUES, driver.read(0x16, 2));
        assertEquals(QUEUES, driver.read(0x12, 2));
    }

    @Test
    void aQueuesSizeCanOnlyBecomeASmallerPowerOfTwo() {
        driver.select(1);
        for (int size : new int[] {0, 3, 100, 256, 32768, 65535}) {
            driver.write(0x18, 2, size);
            assertEquals(128, driver.read(0x18, 2), "after " + size);
        }
        driver.write(0x18, 2, 16);
        assertEquals(16, driver.read(0x18, 2));
    }

    @Test
    void anEnabledQueueIsSettled() {
        driver.setUp(0, 32, 0x4000);
        driver.setUp(0, 64, 0x9000);
        driver.write(0x1c, 2, 0);
        VirtioPciState.Queue queue = function.snapshot().queues().get(0);
        assertEquals(new VirtioPciState.Queue(32, VirtioPciState.NO_VECTOR, true, 0x4000, 0x5000, 0x6000), queue);
        assertEquals(1, driver.read(0x1c, 2));
    }

    @Test
    void noQueueIsEnabledWhileTheDeviceRuns() {
        driver.start(ACCEPTED, 1);
        driver.setUp(1, 16, 0x9000);
        assertEquals(0, driver.read(0x1c, 2));
        assertEquals(128, driver.read(0x18, 2));
    }

    @Test
    void aQueueIsResetAndEnabledAgainWhileOthersGoOn() {
        driver.start(ACCEPTED | Features.RING_RESET, 2);
        driver.select(1);
        driver.write(0x1a, 2, 1);
        driver.write(0x3a, 2, 1);
        assertEquals(Set.of(0), device.enabled);
        assertEquals(0, driver.read(0x3a, 2));
        assertEquals(0, driver.read(0x1c, 2));
        assertEquals(
                VirtioPciState.initial(device.queueSizes()).queues().get(1),
                function.snapshot().queues().get(1));
        driver.setUp(1, 32, 0x9000);
        assertEquals(Set.of(0, 1), device.enabled);
        assertEquals(1, driver.read(0x1c, 2));
        assertEquals(0, driver.read(0x3a, 2));
        QueueSetup again = Objects.requireNonNull(device.enabledAgain);
        assertEquals(32, again.size());
        assertEquals(0x9000, again.descriptorArea());
        assertEquals(1, device.activations);
        assertEquals(15, driver.status());
    }

    @Test
    void aQueueIsResetOnlyIfThatWasAgreedOnAndByWritingOne() {
        driver.start(ACCEPTED, 1);
        driver.write(0x3a, 2, 1);
        assertEquals(Set.of(0), device.enabled);
        driver.start(ACCEPTED | Features.RING_RESET, 1);
        driver.select(0);
        driver.write(0x3a, 2, 0);
        driver.write(0x3a, 2, 2);
        driver.write(0x3a, 1, 1);
        driver.write(0x38, 4, 0x10000);
        driver.select(QUEUES);
        driver.write(0x3a, 2, 1);
        assertEquals(Set.of(0), device.enabled);
        driver.select(0);
        driver.write(0x3a, 2, 1);
        driver.write(0x3a, 2, 1);
        assertEquals(Set.of(), device.enabled);
    }

    @Test
    void aPackedQueuesSizeNeedNotBeAPowerOfTwo() {
        driver.setStatus(3);
        driver.accept(ACCEPTED | Features.RING_PACKED);
        driver.setStatus(11);
        driver.select(1);
        for (int size : new int[] {0, 129, 65535}) {
            driver.write(0x18, 2, size);
            assertEquals(128, driver.read(0x18, 2), "after " + size);
        }
        driver.write(0x18, 2, 100);
        assertEquals(100, driver.read(0x18, 2));
    }

    @Test
    void sixtyFourBitRegistersCanBeWrittenInHalvesOrWhole() {
        driver.select(2);
        driver.write(0x24, 4, 0x12);
        driver.write(0x20, 4, 0x3456_7000);
        driver.write(0x28, 8, 0x22_0000_1000L);
        assertEquals(0x12_3456_7000L, driver.read(0x20, 8));
        assertEquals(0x22, driver.read(0x2c, 4));
        assertEquals(0x22_0000_1000L, function.snapshot().queues().get(2).driverArea());
    }

    @Test
    void aWriteOfTheWrongWidthIsIgnored() {
        VirtioPciState before = function.snapshot();
        driver.write(0x14, 2, 3);
        driver.write(0x14, 4, 3);
        driver.write(0x16, 1, 1);
        driver.write(0x18, 4, 16);
        driver.write(0, 8, 1);
        driver.write(0x01, 4, 1);
        driver.write(0x12, 2, 1);
        driver.write(0x04, 4, 1);
        assertEquals(before, function.snapshot());
    }

    @Test
    void registersPastTheStructureReadZero() {
        for (int offset = 0x38; offset < 0x1000; offset += 8) {
            assertEquals(0, driver.read(offset, 8));
        }
        assertEquals(0, driver.read(0xfff, 8));
    }

    @Test
    void aVectorThatDoesNotExistReadsBackAsNone() {
        driver.select(0);
        driver.write(0x1a, 2, 3);
        assertEquals(3, driver.read(0x1a, 2));
        driver.write(0x1a, 2, 4);
        assertEquals(0xffff, driver.read(0x1a, 2));
        driver.write(0x10, 2, 0);
        assertEquals(0, driver.read(0x10, 2));
        driver.write(0x10, 2, 0xfffe);
        assertEquals(0xffff, driver.read(0x10, 2));
    }

    @Test
    void eachQueueIsNotifiedAtItsOwnAddress() {
        for (int i = 0; i < QUEUES; i++) {
            driver.select(i);
            assertEquals(i, driver.read(0x1e, 2));
        }
    }

    @Test
    void doorbellsAreConnectedWhileTheDeviceRuns() {
        assertTrue(doorbells.connected.isEmpty());
        driver.start(ACCEPTED, QUEUES);
        assertEquals(Set.of(driver.notify, driver.notify + 4, driver.notify + 8), doorbells.connected.keySet());
        assertEquals(queue(1).doorbell(), doorbells.connected.get(driver.notify + 4));
        driver.setStatus(0);
        assertTrue(doorbells.connected.isEmpty());
    }

    @Test
    void doorbellsFollowTheRegisters() {
        driver.start(ACCEPTED, 1);
        int bar4 = ConfigSpace.BASE_ADDRESS + 16;
        driver.config.write(SLOT, 0, bar4, 4, 0x4000_0000);
        long moved = (driver.notify & 0xffff_ffff_0000_0000L) | 0x4000_3000L;
        assertEquals(Set.of(moved, moved + 4, moved + 8), doorbells.connected.keySet());
        driver.config.write(SLOT, 0, ConfigSpace.COMMAND, 2, 0);
        assertTrue(doorbells.connected.isEmpty());
        driver.config.write(SLOT, 0, ConfigSpace.COMMAND, 2, ConfigSpace.COMMAND_MEMORY);
        assertEquals(Set.of(moved, moved + 4, moved + 8), doorbells.connected.keySet());
    }

    @Test
    void aNotificationThatArrivesAsAnAccessRingsTheSameBell() {
        driver.start(ACCEPTED, QUEUES);
        notifyQueue(1, 2);
        notifyQueue(1, 4);
        assertEquals(2, queue(1).doorbell().drain());
        driver.writeByWindow(4, 0x3008, 2, 2);
        assertEquals(1, queue(2).doorbell().drain());
        assertEquals(0, queue(0).doorbell().drain());
        notifyQueue(QUEUES, 2);
        notifyQueue(1023, 2);
    }

    @Test
    void aHostWithoutDoorbellsLeavesTheDeviceWorking() {
        doorbells.limit = 1;
        driver.start(ACCEPTED, QUEUES);
        assertEquals(15, driver.status());
        notifyQueue(2, 2);
        assertEquals(1, queue(2).doorbell().drain());
    }

    @Test
    void withMsixEachQueueSendsItsOwnVector() {
        driver.enableMsix(4);
        for (int i = 0; i < QUEUES; i++) {
            driver.select(i);
            driver.write(0x1a, 2, i + 1);
        }
        driver.write(0x10, 2, 0);
        driver.start(ACCEPTED, QUEUES);
        driver.select(1);
        driver.write(0x1a, 2, 2);
        driver.write(0x10, 2, 0);
        queue(1).interrupt().signal();
        assertEquals(1, router.routes.get(2).signals());
        assertEquals(0x32, router.routes.get(2).data);
        device.activation().events().configChanged();
        assertEquals(1, router.routes.get(0).signals());
        assertFalse(isa[10].level);
        assertEquals(2, router.signals());
    }

    @Test
    void withMsixAQueueWithoutVectorInterruptsNobody() {
        driver.enableMsix(4);
        driver.start(ACCEPTED, 1);
        queue(0).interrupt().signal();
        assertEquals(0, router.signals());
        assertEquals(0, mmio.read(driver.isr, 1));
        assertFalse(isa[10].level);
    }

    @Test
    void withoutMsixTheIsrSaysWhyAndReadingItReleasesTheLine() {
        driver.start(ACCEPTED, 1);
        queue(0).interrupt().signal();
        assertTrue(isa[10].level);
        device.activation().events().configChanged();
        assertEquals(0, mmio.read(driver.isr + 1, 1));
        assertTrue(isa[10].level);
        assertEquals(3, mmio.read(driver.isr, 1));
        assertFalse(isa[10].level);
        assertEquals(0, mmio.read(driver.isr, 1));
    }

    @Test
    void turningMsixOnReleasesTheLine() {
        driver.start(ACCEPTED, 1);
        queue(0).interrupt().signal();
        assertTrue(isa[10].level);
        driver.enableMsix(4);
        assertFalse(isa[10].level);
    }

    @Test
    void aResetReleasesTheLineAndForgetsPendingMessages() {
        driver.start(ACCEPTED, 1);
        queue(0).interrupt().signal();
        driver.setStatus(0);
        assertFalse(isa[10].level);
        assertEquals(0, mmio.read(driver.isr, 1));
        driver.config.write(SLOT, 0, driver.msix + 2, 2, 0x8000);
        driver.start(ACCEPTED, 1);
        driver.select(0);
        driver.write(0x1a, 2, 1);
        queue(0).interrupt().signal();
        assertEquals(2, mmio.read(driver.msixTable + 2048, 8));
        driver.setStatus(0);
        assertEquals(0, mmio.read(driver.msixTable + 2048, 8));
    }

    @Test
    void theConfigGenerationCountsChanges() {
        driver.start(ACCEPTED, 1);
        for (int i = 0; i < 257; i++) {
            device.activation().events().configChanged();
        }
        assertEquals(1, driver.read(0x15, 1));
    }

    @Test
    void aBrokenDeviceAsksForAResetAndGetsIt() {
        driver.start(ACCEPTED, 1);
        device.activation().events().needsReset("a loop of descriptors");
        assertEquals(0x4f, driver.status());
        assertEquals(2, mmio.read(driver.isr, 1));
        driver.setStatus(0x8f);
        assertEquals(0xcf, driver.status());
        driver.setStatus(0);
        assertEquals(0, driver.status());
        assertEquals(1, device.resets);
    }

    @Test
    void ringsThatTheDeviceRefusesBreakItAndNotTheProcessor() {
        device.refuse = true;
        driver.start(ACCEPTED, 1);
        assertEquals(0x4f, driver.status());
        assertEquals(2, mmio.read(driver.isr, 1));
        driver.setStatus(0);
        device.refuse = false;
        driver.start(ACCEPTED, 1);
        assertEquals(15, driver.status());
        assertNotNull(device.activation);
    }

    @Test
    void deviceConfigurationIsReadAndWrittenInsideItsSize() {
        for (int i = 0; i < FakeDevice.CONFIG_SIZE; i++) {
            device.config[i] = (byte) (0x80 + i);
        }
        assertEquals(0x8786_8584_8382_8180L, mmio.read(driver.device, 8));
        assertEquals(0x93, mmio.read(driver.device + 19, 4));
        assertEquals(0x0000_0000_9392_9190L, mmio.read(driver.device + 16, 8));
        assertEquals(0, mmio.read(driver.device + 20, 4));
        mmio.write(driver.device + 18, 4, -1);
        assertEquals(0x9392, mmio.read(driver.device + 18, 2));
        mmio.write(driver.device + 18, 2, 0x1234);
        assertEquals(0x1234, mmio.read(driver.device + 18, 2));
    }

    @Test
    void everythingCanBeReachedThroughConfigurationSpace() {
        assertEquals(QUEUES, driver.readByWindow(4, 0x12, 2));
        driver.writeByWindow(4, 0x16, 2, 1);
        assertEquals(128, driver.readByWindow(4, 0x18, 2));
        device.config[0] = 0x77;
        assertEquals(0x77, driver.readByWindow(4, 0x2000, 4));
        driver.config.write(SLOT, 0, ConfigSpace.COMMAND, 2, 0);
        assertEquals(128, driver.readByWindow(4, 0x18, 2), "without memory decoding too");
    }

    @Test
    void aWindowThatIsNotInsideAStructureDoesNothing() {
        driver.start(ACCEPTED, 1);
        queue(0).interrupt().signal();
        driver.readByWindow(1, 0x1000, 1);
        driver.readByWindow(4, 0x1000, 3);
        driver.readByWindow(4, 0x0fff, 2);
        driver.readByWindow(4, 0x4000, 4);
        driver.readByWindow(4, -4, 4);
        driver.writeByWindow(4, 0x3ffe, 4, -1);
        assertTrue(isa[10].level);
        assertEquals(1, driver.readByWindow(4, 0x1000, 1));
        assertFalse(isa[10].level);
    }

    @Test
    void aMachineResetStopsTheDevice() {
        VirtioPciState initial = function.snapshot();
        driver.start(ACCEPTED, QUEUES);
        driver.enableMsix(4);
        bus.reset();
        assertEquals(1, device.resets);
        assertEquals(initial, function.snapshot());
        assertEquals(0x0003, driver.config.read(SLOT, 0, driver.msix + 2, 2));
        assertTrue(doorbells.connected.isEmpty());
    }
}
