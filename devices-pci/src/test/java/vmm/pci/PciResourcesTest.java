package vmm.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import vmm.bus.Bus;
import vmm.irq.IrqLine;
import vmm.linux.HostException;
import vmm.memory.GuestMemory;
import vmm.pci.chipset.HostBridge;
import vmm.pci.chipset.PiixIsaBridge;
import vmm.pci.chipset.PiixPowerManagement;

final class PciResourcesTest {
    private final Bus ports = new Bus();
    private final Bus mmio = new Bus();
    private final GuestMemory memory = GuestMemory.detached(1 << 20);
    private final PiixIsaBridge isaBridge = new PiixIsaBridge(FakeLine.isa());
    private final PciBus bus = new PciBus(ports, mmio, memory, isaBridge);
    private final PciResources resources = new PciResources(PciWindows.of(memory));

    private void addChipset() {
        bus.add(0, 0, new HostBridge());
        bus.add(1, 0, isaBridge);
        bus.add(1, 3, new PiixPowerManagement(IrqLine.UNCONNECTED, () -> {}));
    }

    /** Where OVMF puts things on a machine with little memory. */
    @Test
    void windowsGrowAroundWhatFirmwarePlacedOutsideThem() {
        PciWindows windows = PciWindows.of(memory);
        bus.add(2, 0, new TestFunction().bar(1, Bar.Kind.MEMORY_32, 4096).bar(4, Bar.Kind.MEMORY_64, 16384));
        assertEquals(windows, windows.around(bus.functions()), "nothing is placed");
        bus.writeConfig(2, 0, 0x14, 4, 0x8000_1000);
        bus.writeConfig(2, 0, 0x20, 4, 0x4000);
        bus.writeConfig(2, 0, 0x24, 4, 0xe0);
        bus.writeConfig(2, 0, ConfigSpace.COMMAND, 2, ConfigSpace.COMMAND_MEMORY);
        PciWindows around = windows.around(bus.functions());
        assertEquals(windows.io(), around.io());
        assertEquals(0x8000_1000L, around.memory().start());
        assertEquals(windows.memory().last(), around.memory().last());
        assertEquals(windows.highMemory().start(), around.highMemory().start());
        assertEquals(0xe0_0000_7fffL, around.highMemory().last());
    }

    @Test
    void everyBarIsMappedInsideItsWindow() {
        addChipset();
        for (int slot = 2; slot < 32; slot++) {
            bus.add(
                    slot,
                    0,
                    new TestFunction()
                            .bar(0, Bar.Kind.IO, 4L << (slot % 5))
                            .bar(1, Bar.Kind.MEMORY_32, 4096L << (slot % 7))
                            .bar(2, Bar.Kind.MEMORY_64, 1L << 20)
                            .bar(4, Bar.Kind.MEMORY_64_PREFETCHABLE, 16384));
        }
        resources.assign(bus);
        PciWindows windows = PciWindows.of(memory);
        for (FunctionInfo function : bus.functions()) {
            for (FunctionInfo.BarInfo bar : function.bars()) {
                PciWindows.Window window = switch (bar.kind()) {
                    case IO -> windows.io();
                    case MEMORY_32 -> windows.memory();
                    case MEMORY_64, MEMORY_64_PREFETCHABLE -> windows.highMemory();
                };
                assertNotEquals(AddressDecoder.UNMAPPED, bar.address());
                assertTrue(bar.address() >= window.start(), bar.toString());
                assertTrue(bar.address() + bar.size() - 1 <= window.last(), bar.toString());
                assertEquals(0, bar.address() % bar.size());
            }
        }
    }

    @Test
    void interruptLinesSayWhereThePinsLead() {
        addChipset();
        for (int slot = 2; slot < 6; slot++) {
            bus.add(slot, 0, new TestFunction());
        }
        resources.assign(bus);
        assertEquals(10, bus.readConfig(2, 0, ConfigSpace.INTERRUPT_LINE, 1));
        assertEquals(11, bus.readConfig(3, 0, ConfigSpace.INTERRUPT_LINE, 1));
        assertEquals(11, bus.readConfig(4, 0, ConfigSpace.INTERRUPT_LINE, 1));
        assertEquals(10, bus.readConfig(5, 0, ConfigSpace.INTERRUPT_LINE, 1));
        assertEquals(9, bus.readConfig(1, 3, ConfigSpace.INTERRUPT_LINE, 1));
        assertEquals(10, bus.readConfig(1, 0, 0x60, 1));
    }

    @Test
    void thePowerManagementRegistersAreAtTheirUsualPorts() {
        addChipset();
        resources.assign(bus);
        assertEquals(1, ports.read(PiixPowerManagement.DEFAULT_PM_BASE + 4, 2));
    }

    @Test
    void assigningAfterAResetGivesTheSameAddresses() {
        addChipset();
        bus.add(3, 0, new TestFunction().bar(0, Bar.Kind.MEMORY_32, 4096));
        resources.assign(bus);
        var first = bus.functions();
        bus.reset();
        resources.assign(bus);
        assertEquals(first, bus.functions());
    }

    @Test
    void moreThanTheWindowHoldsIsRefusedBeforeTheGuestStarts() {
        bus.add(3, 0, new TestFunction().bar(0, Bar.Kind.MEMORY_32, 1L << 31));
        assertThrows(HostException.class, () -> resources.assign(bus));
    }

    @Test
    void theHighWindowIsAboveAllRam() {
        assertEquals(4L << 30, PciWindows.of(memory).highMemory().start());
        try (GuestMemory large = GuestMemory.allocate(5L << 30)) {
            assertEquals(8L << 30, PciWindows.of(large).highMemory().start());
        }
        assertEquals(0xc000_0000L, PciWindows.MEMORY.start());
        assertEquals(0xfebf_ffffL, PciWindows.MEMORY.last());
        assertEquals(0xffff, PciWindows.IO.last());
    }
}
