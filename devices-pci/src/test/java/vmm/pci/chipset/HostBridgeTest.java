package vmm.pci.chipset;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import vmm.bus.Bus;
import vmm.memory.GuestMemory;
import vmm.pci.ConfigSpace;
import vmm.pci.FakeLine;
import vmm.pci.PciBus;

final class HostBridgeTest {
    private final PciBus bus =
            new PciBus(new Bus(), new Bus(), GuestMemory.detached(1 << 20), new PiixIsaBridge(FakeLine.isa()));

    HostBridgeTest() {
        bus.add(0, 0, new HostBridge());
    }

    @Test
    void itIsAnI440fx() {
        assertEquals(0x1237_8086, bus.readConfig(0, 0, ConfigSpace.VENDOR_ID, 4));
        assertEquals(0x0600_0002, bus.readConfig(0, 0, ConfigSpace.REVISION_ID, 4));
    }

    @Test
    void theAttributeRegistersKeepTheirDefinedBits() {
        for (int pam = 0x59; pam <= 0x5f; pam++) {
            assertEquals(0, bus.readConfig(0, 0, pam, 1));
            bus.writeConfig(0, 0, pam, 1, 0xff);
            assertEquals(pam == 0x59 ? 0x30 : 0x33, bus.readConfig(0, 0, pam, 1));
        }
        bus.reset();
        assertEquals(0, bus.readConfig(0, 0, 0x5c, 4));
    }
}
