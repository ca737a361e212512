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

final class PiixPowerManagementTest {
    private static final int PM = 0xb000;
    private static final int SLP_EN = 1 << 13;

    private final Bus ports = new Bus();
    private final FakeLine sci = new FakeLine();
    private final int[] powerOffs = {0};
    private final long[] nanos = {0};
    private final PiixPowerManagement function = new PiixPowerManagement(sci, () -> powerOffs[0]++, () -> nanos[0]);
    private final PciBus bus =
            new PciBus(ports, new Bus(), GuestMemory.detached(1 << 20), new PiixIsaBridge(FakeLine.isa()));

    PiixPowerManagementTest() {
        bus.add(1, 3, function);
    }

    private void enable() {
        bus.writeConfig(1, 3, 0x40, 4, PM);
        bus.writeConfig(1, 3, 0x80, 1, 1);
    }

    @Test
    void itIsAPiix4WithoutBaseAddress() {
        assertEquals(0x7113_8086, bus.readConfig(1, 3, ConfigSpace.VENDOR_ID, 4));
        assertEquals(0x0680, bus.readConfig(1, 3, 0x0a, 2));
        assertEquals(1, bus.readConfig(1, 3, 0x40, 4));
        assertEquals(9, bus.readConfig(1, 3, ConfigSpace.INTERRUPT_LINE, 1));
    }

    @Test
    void theRegistersAppearWhereTheBaseSaysOnceEnabled() {
        bus.writeConfig(1, 3, 0x40, 4, 0xffff_b03f);
        assertEquals(PM | 1, bus.readConfig(1, 3, 0x40, 4));
        assertFalse(ports.overlaps(PM, 64));
        bus.writeConfig(1, 3, 0x80, 1, 1);
        assertEquals(1, ports.read(PM + 4, 2));
        bus.writeConfig(1, 3, 0x40, 4, 0x600);
        assertFalse(ports.overlaps(PM, 64));
        assertEquals(1, ports.read(0x604, 2));
    }

    @Test
    void softOffTellsTheMachine() {
        enable();
        ports.write(PM + 4, 2, (PmRegisters.SLP_TYP_S5 << 10) | SLP_EN | 1);
        assertEquals(1, powerOffs[0]);
        assertEquals(1, ports.read(PM + 4, 2));
    }

    @Test
    void aSleepTypeAloneOrAnotherStateDoesNotPowerOff() {
        enable();
        ports.write(PM + 4, 2, PmRegisters.SLP_TYP_S5 << 10);
        ports.write(PM + 4, 2, (5 << 10) | SLP_EN);
        assertEquals(0, powerOffs[0]);
        assertEquals((5 << 10) | 1, ports.read(PM + 4, 2));
    }

    @Test
    void theTimerCountsTwentyFourBitsAtItsFrequency() {
        enable();
        nanos[0] = 1_000_000_000L;
        assertEquals(3_579_545, ports.read(PM + 8, 4));
        nanos[0] = 10L * 365 * 86400 * 1_000_000_000L;
        assertEquals((10L * 365 * 86400 * 3_579_545) & 0xff_ffff, ports.read(PM + 8, 4));
        assertEquals((10L * 365 * 86400 * 3_579_545) >> 8 & 0xffff, ports.read(PM + 9, 2));
    }

    @Test
    void theTimersStatusIsSetWhenItsTopBitChanges() {
        enable();
        assertEquals(0, ports.read(PM, 2) & 1);
        nanos[0] = 2_400_000_000L;
        assertEquals(1, ports.read(PM, 2) & 1);
        ports.write(PM, 2, 1);
        assertEquals(0, ports.read(PM, 2) & 1);
    }

    @Test
    void thePowerButtonInterruptsUntilItsStatusIsCleared() {
        enable();
        function.pressPowerButton();
        assertFalse(sci.level);
        ports.write(PM + 2, 2, 1 << 8);
        assertTrue(sci.level);
        assertEquals((1 << 24) | (1 << 8), ports.read(PM, 4));
        ports.write(PM, 2, 1 << 8);
        assertFalse(sci.level);
    }

    @Test
    void generalPurposeEventsInterruptAsTheirEnableBitsSay() {
        enable();
        function.raiseGpe(1);
        function.raiseGpe(15);
        assertFalse(sci.level);
        assertEquals(0x8002, ports.read(PM + 0xc, 4));
        ports.write(PM + 0xe, 1, 2);
        assertTrue(sci.level);
        ports.write(PM + 0xc, 1, 2);
        assertFalse(sci.level);
        ports.write(PM + 0xf, 1, 0x80);
        assertTrue(sci.level);
        assertEquals(0x8002_8000L, ports.read(PM + 0xc, 4));
        ports.write(PM + 0xc, 2, 0xffff);
        assertFalse(sci.level);
        assertEquals(0, ports.read(PM, 4), "the fixed events are others");
    }

    @Test
    void bothKindsOfEventHoldTheInterrupt() {
        enable();
        ports.write(PM + 2, 2, 1 << 8);
        ports.write(PM + 0xe, 2, 2);
        function.pressPowerButton();
        function.raiseGpe(1);
        ports.write(PM, 2, 1 << 8);
        assertTrue(sci.level);
        ports.write(PM + 0xc, 2, 2);
        assertFalse(sci.level);
        assertEquals(2, sci.changes);
    }

    @Test
    void aResetClearsEventsAndTheBase() {
        enable();
        ports.write(PM + 0xe, 2, 2);
        function.raiseGpe(1);
        ports.write(PM + 2, 2, 1 << 8);
        function.pressPowerButton();
        bus.reset();
        assertFalse(sci.level);
        assertFalse(ports.overlaps(PM, 64));
        enable();
        assertEquals(0, ports.read(PM, 4));
        assertEquals(0, ports.read(PM + 0xc, 4));
    }

    @Test
    void aBaseOverOtherPortsIsMappedNowhere() {
        bus.writeConfig(1, 3, 0x40, 4, 0xcc0);
        bus.writeConfig(1, 3, 0x80, 1, 1);
        ports.write(0xcf8, 4, 0x8000_0000L);
        assertEquals(0x8000_0000L, ports.read(0xcf8, 4));
    }
}
