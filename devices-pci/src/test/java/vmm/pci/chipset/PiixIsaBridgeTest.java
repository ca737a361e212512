package vmm.pci.chipset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import vmm.bus.Bus;
import vmm.memory.GuestMemory;
import vmm.pci.ConfigSpace;
import vmm.pci.FakeLine;
import vmm.pci.PciBus;
import vmm.pci.PirqRouter;

final class PiixIsaBridgeTest {
    private final FakeLine[] isa = FakeLine.isa();
    private final PiixIsaBridge bridge = new PiixIsaBridge(isa);
    private final PciBus bus = new PciBus(new Bus(), new Bus(), GuestMemory.detached(1 << 20), bridge);

    PiixIsaBridgeTest() {
        bus.add(1, 0, bridge);
    }

    private void route(int pirq, int value) {
        bus.writeConfig(1, 0, 0x60 + pirq, 1, value);
    }

    @Test
    void itIsAPiix3() {
        assertEquals(0x7000_8086, bus.readConfig(1, 0, ConfigSpace.VENDOR_ID, 4));
        assertEquals(0x0601, bus.readConfig(1, 0, 0x0a, 2));
        assertEquals(7, bus.readConfig(1, 0, ConfigSpace.COMMAND, 2));
    }

    @Test
    void noWireIsRoutedAtFirst() {
        assertEquals(0x8080_8080, bus.readConfig(1, 0, 0x60, 4));
        bridge.setPirq(0, true);
        for (FakeLine line : isa) {
            assertFalse(line.level);
        }
        assertEquals(PirqRouter.NOT_ROUTED, bridge.irq(0));
    }

    @Test
    void routingAnAssertedWireAssertsItsInterrupt() {
        bridge.setPirq(2, true);
        route(2, 11);
        assertTrue(isa[11].level);
        assertEquals(11, bridge.irq(2));
    }

    @Test
    void reroutingMovesTheAssertedLevel() {
        route(0, 10);
        bridge.setPirq(0, true);
        route(0, 5);
        assertFalse(isa[10].level);
        assertTrue(isa[5].level);
        route(0, 0x80);
        assertFalse(isa[5].level);
        bus.reset();
        assertFalse(isa[5].level);
    }

    @Test
    void wiresThatShareAnInterruptHoldItTogether() {
        route(0, 10);
        route(1, 10);
        bridge.setPirq(0, true);
        bridge.setPirq(1, true);
        bridge.setPirq(0, false);
        assertTrue(isa[10].level);
        route(1, 11);
        assertFalse(isa[10].level);
        assertTrue(isa[11].level);
    }

    @Test
    void theBoardsOwnInterruptsCannotBeRoutedTo() {
        bridge.setPirq(0, true);
        for (int irq : new int[] {0, 1, 2, 8, 13}) {
            route(0, irq);
            assertFalse(isa[irq].level);
            assertEquals(PirqRouter.NOT_ROUTED, bridge.irq(0));
        }
    }
}
