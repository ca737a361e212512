package vmm.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import vmm.firmware.acpi.AcpiConfig;
import vmm.pci.chipset.PiixPowerManagement;
import vmm.pci.chipset.PmRegisters;
import vmm.pci.chipset.SlotRegisters;
import vmm.platform.ResetPort;

class BoardTest {
    /** Tables and devices do not know each other; both know the machine. */
    @Test
    void theTablesSayWhatTheDevicesAre() {
        AcpiConfig config = new AcpiConfig(1, 0xb000, 0xc000_0000L, 0, 0, false);
        assertEquals(PiixPowerManagement.SCI_IRQ, AcpiConfig.SCI_IRQ);
        assertEquals(PmRegisters.PM1_CONTROL, config.pm1aControl() - config.pmBase());
        assertEquals(PmRegisters.PM_TIMER, config.pmTimer() - config.pmBase());
        assertEquals(PmRegisters.GPE0, config.gpe0() - config.pmBase());
        assertEquals(PmRegisters.SLP_TYP_S5, AcpiConfig.SLEEP_TYPE_S5);
        assertEquals(SlotRegisters.PORT, AcpiConfig.SLOT_PORT);
        assertEquals(SlotRegisters.GPE, AcpiConfig.SLOT_GPE);
        assertEquals(ResetPort.PORT, AcpiConfig.RESET_PORT);
    }
}
