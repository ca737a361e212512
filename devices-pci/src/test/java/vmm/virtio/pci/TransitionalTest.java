package vmm.virtio.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import vmm.bus.Bus;
import vmm.memory.GuestMemory;
import vmm.pci.FakeLine;
import vmm.pci.FakeRouter;
import vmm.pci.PciBus;
import vmm.pci.PciResources;
import vmm.pci.PciWindows;
import vmm.pci.chipset.PiixIsaBridge;
import vmm.virtio.Features;

/** A transitional function, whose drivers choose their interface anew after each reset. */
final class TransitionalTest {
    private static final int SLOT = 2;
    private static final long MODERN = Features.VERSION_1 | Features.RING_EVENT_IDX;

    private final Bus ports = new Bus();
    private final Bus mmio = new Bus();
    private final GuestMemory memory = GuestMemory.detached(1 << 20);
    private final FakeDoorbells doorbells = new FakeDoorbells();
    private final FakeDevice device = new FakeDevice(2, 256, 128);
    private final VirtioPciFunction function = new VirtioPciFunction(
            "virtio-blk", device, VirtioTransport.TRANSITIONAL, memory, doorbells, new FakeRouter());
    private final PciBus bus;
    private final VirtioPciDriver modern;
    private final LegacyPciDriver legacy;

    TransitionalTest() {
        PiixIsaBridge isaBridge = new PiixIsaBridge(FakeLine.isa());
        bus = new PciBus(ports, mmio, memory, isaBridge);
        bus.add(1, 0, isaBridge);
        bus.add(SLOT, 0, function);
        new PciResources(PciWindows.of(memory)).assign(bus);
        modern = new VirtioPciDriver(ports, mmio, SLOT);
        legacy = new LegacyPciDriver(ports, SLOT);
    }

    @AfterEach
    void closeTheBus() {
        bus.close();
    }

    @Test
    void itsConfigurationSpaceIsByteForByteThatOfQemu() {
        // As QEMU 7.2 shows a transitional virtio-blk function of four vectors; here are three queues fewer than there.
        String expected = """
                f4 1a 01 10 00 00 10 00 00 00 00 01 00 00 00 00
                01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
                0c 00 00 00 00 00 00 00 00 00 00 00 f4 1a 02 00
                00 00 00 00 98 00 00 00 00 00 00 00 00 01 00 00
                09 00 10 01 04 00 00 00 00 00 00 00 00 10 00 00
                """;
        bus.reset();
        StringBuilder actual = new StringBuilder();
        for (int offset = 0; offset < 0x50; offset++) {
            actual.append("%02x".formatted(bus.readConfig(SLOT, 0, offset, 1))).append(offset % 16 == 15 ? '\n' : ' ');
        }
        assertEquals(expected, actual.toString());
    }

    @Test
    void bothInterfacesShowTheSameDevice() {
        device.config[7] = 0x77;
        assertEquals(0x77, legacy.read(20 + 7, 1));
        assertEquals(0x77, mmio.read(modern.device + 7, 1));
        modern.setStatus(3);
        assertEquals(3, legacy.status());
        legacy.select(1);
        assertEquals(1, modern.read(0x16, 2));
        assertEquals(128, modern.read(0x18, 2));
    }

    @Test
    void bitsOfTheLegacyInterfaceAreNotOfferedByTheModernOne() {
        assertEquals(FakeDevice.OFFERED | Features.VERSION_1, modern.offered());
    }

    @Test
    void driversOfBothKindsFollowEachOther() {
        for (int life = 0; life < 3; life++) {
            modern.start(MODERN, 2);
            assertEquals(MODERN, device.activation().features());
            assertEquals(Set.of(modern.notify, modern.notify + 4), doorbells.connected.keySet());
            assertTrue(doorbells.matched.isEmpty());

            legacy.start(Features.RING_EVENT_IDX, 2);
            assertEquals(Features.RING_EVENT_IDX, device.activation().features());
            assertEquals(
                    0x20000,
                    Objects.requireNonNull(device.activation().queues().get(1)).descriptorArea());
            assertEquals(Set.of(0L, 1L), doorbells.matched.keySet());
            assertTrue(doorbells.connected.isEmpty());
        }
        assertEquals(6, device.activations);
        assertEquals(5, device.resets);
    }

    @Test
    void aModernDriverIsSafeFromTheLegacyRegisters() {
        modern.start(MODERN, 1);
        VirtioPciState before = function.snapshot();
        legacy.write(LegacyPciDriver.ACCEPTED, 4, 0);
        legacy.place(0, 0);
        legacy.place(1, 9);
        legacy.setStatus(0x80);
        assertEquals(before, function.snapshot());
        legacy.notifyQueue(0);
        assertEquals(
                1,
                Objects.requireNonNull(device.activation().queues().get(0))
                        .doorbell()
                        .drain());
        legacy.setStatus(0);
        assertEquals(VirtioPciState.initial(device.queueSizes()), function.snapshot());
    }

    @Test
    void anEarlyNotificationStartsNothingForAModernDriver() {
        modern.setStatus(3);
        modern.accept(MODERN);
        modern.setStatus(11);
        modern.setUp(0, 64, 0x4000);
        legacy.notifyQueue(0);
        mmio.write(modern.notify, 2, 0);
        assertEquals(0, device.activations);
    }

    @Test
    void aDeviceThatRunsForALegacyDriverSettlesNoModernFeatures() {
        legacy.start(0, 1);
        modern.accept(MODERN);
        modern.setStatus(15);
        assertEquals(7, modern.status());
        assertEquals(0, device.activation().features());
    }
}
