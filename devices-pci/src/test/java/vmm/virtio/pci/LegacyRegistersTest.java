package vmm.virtio.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import vmm.bus.Bus;
import vmm.memory.GuestMemory;
import vmm.pci.ConfigSpace;
import vmm.pci.FakeLine;
import vmm.pci.FakeRouter;
import vmm.pci.PciBus;
import vmm.pci.PciResources;
import vmm.pci.PciWindows;
import vmm.pci.chipset.PiixIsaBridge;
import vmm.virtio.Features;
import vmm.virtio.QueueSetup;

/** Drivers of virtio 0.9.5, in front of both kinds of function that they can use. */
@ParameterizedClass
@EnumSource(names = {"TRANSITIONAL", "LEGACY"})
final class LegacyRegistersTest {
    private static final int SLOT = 5;
    private static final int QUEUES = 3;
    private static final long EVENT_IDX = Features.RING_EVENT_IDX;

    private final VirtioTransport transport;
    private final Bus ports = new Bus();
    private final Bus mmio = new Bus();
    private final GuestMemory memory = GuestMemory.detached(1 << 20);
    private final FakeLine[] isa = FakeLine.isa();
    private final FakeRouter router = new FakeRouter();
    private final FakeDoorbells doorbells = new FakeDoorbells();
    private final FakeDevice device = new FakeDevice(2, 256, 128, 64);
    private final VirtioPciFunction function;
    private final PciBus bus;
    private final LegacyPciDriver driver;

    LegacyRegistersTest(VirtioTransport transport) {
        this.transport = transport;
        function = new VirtioPciFunction("virtio-blk", device, transport, memory, doorbells, router);
        PiixIsaBridge isaBridge = new PiixIsaBridge(isa);
        bus = new PciBus(ports, mmio, memory, isaBridge);
        bus.add(1, 0, isaBridge);
        bus.add(SLOT, 0, function);
        new PciResources(PciWindows.of(memory)).assign(bus);
        driver = new LegacyPciDriver(ports, SLOT);
    }

    @AfterEach
    void closeTheBus() {
        bus.close();
        assertTrue(doorbells.connected.isEmpty());
        assertTrue(doorbells.matched.isEmpty());
        assertTrue(router.routes.stream().allMatch(route -> route.closed));
    }

    private QueueSetup queue(int index) {
        return Objects.requireNonNull(device.activation().queues().get(index));
    }

    @Test
    void itPresentsTheDeviceThatLegacyDriversLookFor() {
        assertEquals(0x1001_1af4, driver.config.read(SLOT, 0, ConfigSpace.VENDOR_ID, 4));
        assertEquals(0x0100_0000, driver.config.read(SLOT, 0, ConfigSpace.REVISION_ID, 4));
        assertEquals(0x0002_1af4, driver.config.read(SLOT, 0, ConfigSpace.SUBSYSTEM_VENDOR_ID, 4));
        FakeRouter other = new FakeRouter();
        try (VirtioPciFunction scsi =
                new VirtioPciFunction("scsi", new FakeDevice(8, 64), transport, memory, doorbells, other)) {
            assertEquals(0x1004, scsi.identity().deviceId());
            assertEquals(8, scsi.identity().subsystemId());
        }
        assertThrows(
                IllegalArgumentException.class,
                () -> new VirtioPciFunction("gpu", new FakeDevice(16, 64), transport, memory, doorbells, other));
    }

    @Test
    void aTransitionalFunctionHasTheModernCapabilitiesTooAndALegacyOneHasNot() {
        int capabilities = driver.config.read(SLOT, 0, ConfigSpace.CAPABILITIES_POINTER, 1);
        int registerBar = driver.config.read(SLOT, 0, ConfigSpace.BASE_ADDRESS + 16, 4);
        if (transport == VirtioTransport.TRANSITIONAL) {
            assertEquals(0x98, capabilities);
            assertEquals(0x0c, registerBar & 0xf);
        } else {
            // As QEMU 7.2 shows it for a legacy function of four vectors.
            assertEquals(0x40, capabilities);
            assertEquals(0x0003_0011, driver.config.read(SLOT, 0, 0x40, 4));
            assertEquals(1, driver.config.read(SLOT, 0, 0x44, 4));
            assertEquals(0x801, driver.config.read(SLOT, 0, 0x48, 4));
            assertEquals(0, registerBar);
        }
    }

    @Test
    void itTakesAsManyPortsAsTheConfigurationNeedsBehindAllRegisters() {
        driver.config.write(SLOT, 0, ConfigSpace.BASE_ADDRESS, 4, -1);
        assertEquals(-64 | 1, driver.config.read(SLOT, 0, ConfigSpace.BASE_ADDRESS, 4));
        assertEquals(64, LegacyRegisters.size(40));
        assertEquals(128, LegacyRegisters.size(41));
        assertEquals(32, LegacyRegisters.size(0));
    }

    @Test
    void onlyThirtyTwoFeaturesAreOfferedAndAnyLayoutAmongThem() {
        long expected = (FakeDevice.OFFERED & 0xffff_ffffL) | 1L << 27 | 1L << 30;
        assertEquals(expected, driver.read(LegacyPciDriver.FEATURES, 4));
        assertEquals(expected & 0xff, driver.read(LegacyPciDriver.FEATURES, 1));
        assertEquals(expected >>> 16, driver.read(LegacyPciDriver.FEATURES + 2, 2));
        driver.write(LegacyPciDriver.FEATURES, 4, 0);
        assertEquals(expected, driver.read(LegacyPciDriver.FEATURES, 4));
    }

    @Test
    void aDriverThatFollowsTheStepsStartsTheDevice() {
        driver.start(EVENT_IDX | 1L << 27, 2);
        assertEquals(7, driver.status());
        assertEquals(1, device.activations);
        assertEquals(EVENT_IDX, device.activation().features());
        assertEquals(EVENT_IDX | 1L << 27, driver.read(LegacyPciDriver.ACCEPTED, 4));
        assertEquals(QUEUES, device.activation().queues().size());
        assertNull(device.activation().queues().get(2));
    }

    @Test
    void theThreePartsOfAQueueFollowFromItsPageAndItsSize() {
        driver.start(0, QUEUES);
        QueueSetup large = queue(0);
        assertEquals(256, large.size());
        assertEquals(0x10000, large.descriptorArea());
        assertEquals(0x11000, large.driverArea());
        // 0x11000 and 2 * (3 + 256) more end in the next page
        assertEquals(0x12000, large.deviceArea());
        QueueSetup small = queue(2);
        assertEquals(64, small.size());
        assertEquals(0x30000, small.descriptorArea());
        assertEquals(0x30400, small.driverArea());
        assertEquals(0x31000, small.deviceArea());
    }

    @Test
    void aQueueMayBeAnywhereBelowSixteenTebibytes() {
        driver.place(0, 0xffff_ffffL);
        assertEquals(0xffff_ffffL, driver.read(LegacyPciDriver.ADDRESS, 4));
        assertEquals(0xffff_ffffL << 12, function.snapshot().queues().get(0).descriptorArea());
    }

    @Test
    void theDriverCannotChooseTheSizeOfAQueue() {
        driver.select(1);
        driver.write(LegacyPciDriver.SIZE, 2, 16);
        assertEquals(128, driver.read(LegacyPciDriver.SIZE, 2));
    }

    @Test
    void aQueueThatDoesNotExistHasSizeZeroAndIgnoresWrites() {
        driver.select(QUEUES);
        VirtioPciState before = function.snapshot();
        assertEquals(0, driver.read(LegacyPciDriver.SIZE, 2));
        assertEquals(0, driver.read(LegacyPciDriver.ADDRESS, 4));
        driver.write(LegacyPciDriver.ADDRESS, 4, 7);
        driver.setMsix(true);
        assertEquals(0xffff, driver.read(LegacyPciDriver.QUEUE_VECTOR, 2));
        driver.write(LegacyPciDriver.QUEUE_VECTOR, 2, 0);
        driver.notifyQueue(QUEUES);
        driver.notifyQueue(0xffff);
        assertEquals(before, function.snapshot());
        assertEquals(QUEUES, driver.read(LegacyPciDriver.SELECT, 2));
    }

    @Test
    void aPageOfZeroTakesTheQueueAway() {
        driver.place(0, 5);
        assertTrue(function.snapshot().queues().get(0).enabled());
        driver.place(0, 0);
        assertEquals(0, driver.read(LegacyPciDriver.ADDRESS, 4));
        assertEquals(VirtioPciState.initial(device.queueSizes()), function.snapshot());
    }

    @Test
    void thereIsNoStatusBitForFeatures() {
        driver.setStatus(11);
        assertEquals(3, driver.status());
        driver.setStatus(0x7f);
        assertEquals(7, driver.status());
        driver.setStatus(0x80);
        assertEquals(0x87, driver.status());
        assertEquals(1, device.activations);
    }

    @Test
    void featuresThatWereNotOfferedAreNotAccepted() {
        driver.write(LegacyPciDriver.ACCEPTED, 4, EVENT_IDX | 1L << 7 | 1);
        assertEquals(EVENT_IDX, driver.read(LegacyPciDriver.ACCEPTED, 4));
    }

    @Test
    void aDriverThatAcceptsEverythingHasNotNegotiatedAnything() {
        driver.write(LegacyPciDriver.ACCEPTED, 4, driver.read(LegacyPciDriver.FEATURES, 4));
        assertEquals(0, driver.read(LegacyPciDriver.ACCEPTED, 4));
    }

    @Test
    void aQueueMayBeUsedBeforeTheDriverIsReady() {
        driver.setStatus(3);
        driver.write(LegacyPciDriver.ACCEPTED, 4, EVENT_IDX);
        driver.place(0, 0x10);
        driver.notifyQueue(0);
        assertEquals(1, device.activations);
        assertEquals(1, queue(0).doorbell().drain());
        assertNull(device.activation().queues().get(1));
        driver.setStatus(7);
        assertEquals(7, driver.status());
        assertEquals(1, device.activations, "it runs already");
    }

    @Test
    void aQueueThatWasNotSetUpStartsNothing() {
        driver.setStatus(3);
        driver.place(0, 0x10);
        driver.notifyQueue(1);
        assertEquals(0, device.activations);
    }

    @Test
    void queuesComeAndGoWhileTheDeviceRuns() {
        driver.setStatus(3);
        driver.place(0, 0x10);
        driver.notifyQueue(0);
        driver.place(1, 0x20);
        assertEquals(Set.of(0, 1), device.enabled);
        QueueSetup second = Objects.requireNonNull(device.enabledAgain);
        assertEquals(1, second.index());
        assertEquals(0x20000, second.descriptorArea());
        driver.place(0, 0);
        assertEquals(Set.of(1), device.enabled);
        driver.place(1, 0x30);
        assertEquals(Set.of(1), device.enabled);
        assertEquals(0x30000, Objects.requireNonNull(device.enabledAgain).descriptorArea());
        assertEquals(0, device.resets);
    }

    @Test
    void featuresAreFinalOnFirstUse() {
        driver.start(EVENT_IDX, 1);
        driver.write(LegacyPciDriver.ACCEPTED, 4, 0);
        assertEquals(EVENT_IDX, driver.read(LegacyPciDriver.ACCEPTED, 4));
    }

    @Test
    void writingZeroResetsTheDeviceAndTheTransport() {
        VirtioPciState initial = function.snapshot();
        driver.setMsix(true);
        driver.start(EVENT_IDX, QUEUES);
        driver.write(LegacyPciDriver.QUEUE_VECTOR, 2, 1);
        driver.write(LegacyPciDriver.CONFIG_VECTOR, 2, 0);
        driver.setStatus(0);
        assertEquals(1, device.resets);
        assertEquals(0, driver.status());
        assertEquals(initial, function.snapshot());
        assertTrue(doorbells.matched.isEmpty());
        driver.setStatus(0);
        assertEquals(1, device.resets, "nothing runs that could be reset");
        driver.start(EVENT_IDX, QUEUES);
        assertEquals(2, device.activations);
    }

    @Test
    void theVectorsAreThereWhileMsixIsOn() {
        device.config[0] = 0x11;
        device.config[4] = 0x22;
        assertEquals(0x11, driver.read(20, 1));
        assertEquals(0x22, driver.read(24, 1));
        driver.setMsix(true);
        driver.select(1);
        assertEquals(0xffff_ffffL, driver.read(LegacyPciDriver.CONFIG_VECTOR, 4));
        assertEquals(0x11, driver.read(24, 1));
        driver.write(LegacyPciDriver.CONFIG_VECTOR, 2, 0);
        driver.write(LegacyPciDriver.QUEUE_VECTOR, 2, 3);
        assertEquals(0x0003_0000, driver.read(LegacyPciDriver.CONFIG_VECTOR, 4));
        driver.write(LegacyPciDriver.QUEUE_VECTOR, 2, 4);
        assertEquals(0xffff, driver.read(LegacyPciDriver.QUEUE_VECTOR, 2), "there is no such vector");
        driver.setMsix(false);
        assertEquals(0x11, driver.read(20, 1));
        driver.write(20, 1, 0x33);
        assertEquals(0x33, device.config[0]);
    }

    @Test
    void placingAQueueLeavesItsVectorAlone() {
        driver.setMsix(true);
        driver.select(1);
        driver.write(LegacyPciDriver.QUEUE_VECTOR, 2, 2);
        driver.place(1, 9);
        assertEquals(2, driver.read(LegacyPciDriver.QUEUE_VECTOR, 2));
        driver.place(1, 0);
        assertEquals(2, driver.read(LegacyPciDriver.QUEUE_VECTOR, 2));
    }

    @Test
    void theConfigurationTakesAccessesOfAnyWidth() {
        driver.write(20 + 3, 2, 0x1234);
        assertEquals(0x34, device.config[3]);
        assertEquals(0x12, device.config[4]);
        assertEquals(0x1234_0000_00L, driver.read(20, 8) & 0xff_ffff_ffffL);
        assertEquals(0x12, driver.read(24, 1));
        driver.write(20 + FakeDevice.CONFIG_SIZE - 1, 1, 0x56);
        assertEquals(0x56, driver.read(20 + FakeDevice.CONFIG_SIZE - 1, 4));
        driver.write(20 + FakeDevice.CONFIG_SIZE - 1, 2, 0x7777);
        assertEquals(0x56, device.config[FakeDevice.CONFIG_SIZE - 1]);
        assertEquals(0, driver.read(60, 4));
    }

    @Test
    void registersCanBeReadTogether() {
        driver.setStatus(3);
        driver.select(2);
        assertEquals(0x0002_0040, driver.read(LegacyPciDriver.SIZE, 4));
        assertEquals(0x0003_0000, driver.read(LegacyPciDriver.NOTIFY, 4));
    }

    @Test
    void doorbellsAreConnectedWhileTheDeviceRuns() {
        driver.start(0, QUEUES);
        assertEquals(Set.of(0L, 1L, 2L), doorbells.matched.keySet());
        assertEquals(driver.base + 16, doorbells.port);
        assertEquals(queue(1).doorbell(), doorbells.matched.get(1L));
        assertTrue(doorbells.connected.isEmpty(), "nobody rings there");
        driver.setStatus(0);
        assertTrue(doorbells.matched.isEmpty());
    }

    @Test
    void doorbellsFollowTheRegisters() {
        driver.start(0, 1);
        driver.config.write(SLOT, 0, ConfigSpace.BASE_ADDRESS, 4, 0x7000);
        assertEquals(0x7010, doorbells.port);
        assertEquals(Set.of(0L, 1L, 2L), doorbells.matched.keySet());
        driver.config.write(SLOT, 0, ConfigSpace.COMMAND, 2, ConfigSpace.COMMAND_MEMORY);
        assertTrue(doorbells.matched.isEmpty());
        driver.config.write(SLOT, 0, ConfigSpace.COMMAND, 2, ConfigSpace.COMMAND_IO);
        assertEquals(Set.of(0L, 1L, 2L), doorbells.matched.keySet());
    }

    @Test
    void aNotificationThatArrivesAsAnAccessRingsTheSameBell() {
        driver.start(0, QUEUES);
        driver.notifyQueue(2);
        driver.write(LegacyPciDriver.NOTIFY, 4, 1);
        assertEquals(1, queue(2).doorbell().drain());
        assertEquals(1, queue(1).doorbell().drain());
        assertEquals(0, queue(0).doorbell().drain());
    }

    @Test
    void withoutMsixTheIsrSaysWhyAndReadingItReleasesTheLine() {
        driver.start(0, 1);
        queue(0).interrupt().signal();
        assertTrue(isa[10].level);
        device.activation().events().configChanged();
        assertEquals(3, driver.read(LegacyPciDriver.ISR, 1));
        assertFalse(isa[10].level);
        assertEquals(0, driver.read(LegacyPciDriver.ISR, 1));
        queue(0).interrupt().signal();
        assertEquals(0x0107_0000, driver.read(LegacyPciDriver.NOTIFY, 4));
        assertFalse(isa[10].level);
    }

    @Test
    void withMsixEachQueueSendsItsOwnVector() {
        new VirtioPciDriver(ports, mmio, SLOT).enableMsix(4);
        driver.start(0, QUEUES);
        driver.select(1);
        driver.write(LegacyPciDriver.QUEUE_VECTOR, 2, 2);
        driver.write(LegacyPciDriver.CONFIG_VECTOR, 2, 0);
        queue(1).interrupt().signal();
        assertEquals(1, router.routes.get(2).signals());
        device.activation().events().configChanged();
        assertEquals(1, router.routes.get(0).signals());
        queue(0).interrupt().signal();
        assertEquals(2, router.signals(), "a queue without a vector interrupts nobody");
        assertFalse(isa[10].level);
    }

    @Test
    void aLegacyDriverIsNotShownABitItDoesNotKnow() {
        driver.start(0, 1);
        device.activation().events().needsReset("broken");
        assertEquals(7, driver.status());
        assertEquals(0x47, function.snapshot().status());
        driver.setStatus(0);
        assertEquals(0, function.snapshot().status());
    }

    @Test
    void aQueueOutsideMemoryBreaksTheDeviceOnly() {
        device.refuse = true;
        driver.start(0, 1);
        assertEquals(0x47, function.snapshot().status());
        driver.setStatus(0);
        device.refuse = false;
        driver.start(0, 1);
        assertEquals(7, function.snapshot().status());
    }

    @Test
    void aResetOfTheBusStopsTheDevice() {
        driver.start(0, 1);
        bus.reset();
        assertEquals(1, device.resets);
        assertFalse(ports.overlaps(driver.base, 64));
    }
}
