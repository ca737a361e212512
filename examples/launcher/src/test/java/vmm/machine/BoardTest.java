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
        assertEquals(PiixPowerManagement.DEFAULT_PM_BASE, AcpiConfig.PM_BASE);
        assertEquals(PiixPowerManagement.SCI_IRQ, AcpiConfig.SCI_IRQ);
        assertEquals(PmRegisters.PM1_CONTROL, AcpiConfig.PM1A_CONTROL - AcpiConfig.PM_BASE);
        assertEquals(PmRegisters.PM_TIMER, AcpiConfig.PM_TIMER - AcpiConfig.PM_BASE);
        assertEquals(PmRegisters.GPE0, AcpiConfig.GPE0 - AcpiConfig.PM_BASE);
        assertEquals(PmRegisters.SLP_TYP_S5, AcpiConfig.SLEEP_TYPE_S5);
        assertEquals(SlotRegisters.PORT, AcpiConfig.SLOT_PORT);
        assertEquals(SlotRegisters.GPE, AcpiConfig.SLOT_GPE);
        assertEquals(ResetPort.PORT, AcpiConfig.RESET_PORT);
    }
}
