package vmm.pci.chipset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import vmm.bus.Bus;

final class SlotRegistersTest {
    private static final int INSERTED = 0xae00;
    private static final int REQUESTED = 0xae04;
    private static final int EJECT = 0xae08;
    private static final int REMOVABLE = 0xae0c;
    private static final int STATUS = 0xae10;

    private final Bus ports = new Bus();
    private final List<Integer> ejected = new ArrayList<>();
    private final int[] changes = {0};
    private final List<String> reports = new ArrayList<>();
    private final SlotRegisters slots = new SlotRegisters(
            new SlotEvents() {
                @Override
                public void ejected(int slot) {
                    ejected.add(slot);
                }

                @Override
                public void reported(int slot, int source, int status) {
                    reports.add(slot + " " + source + " " + status);
                }
            },
            () -> changes[0]++);

    SlotRegistersTest() {
        slots.attach(ports);
    }

    @Test
    void slotsThatStayAsTheyAreReadAsZeros() {
        for (int port = INSERTED; port <= REMOVABLE; port += 4) {
            assertEquals(0, ports.read(port, 4));
        }
        ports.write(EJECT, 4, 0xffff_ffffL);
        assertEquals(List.of(), ejected);
        assertEquals(0, changes[0]);
    }

    @Test
    void aChangeRaisesTheEventAndIsReadOnce() {
        slots.insert(31);
        slots.insert(2);
        slots.requestEjection(5);
        assertEquals(3, changes[0]);
        assertEquals(0x8000_0004L, ports.read(INSERTED, 4));
        assertEquals(0, ports.read(INSERTED, 4));
        assertEquals(1 << 5, ports.read(REQUESTED, 4));
        assertEquals(0, ports.read(REQUESTED, 4));
    }

    @Test
    void whatTheGuestReportsOfASlotIsTold() {
        ports.write(STATUS, 4, 0x1f03_0081L);
        ports.write(STATUS, 4, 0x0201_0000L);
        ports.write(STATUS, 4, 0x2003_0000L); // a slot that does not exist
        ports.write(STATUS, 2, 0xffff);
        assertEquals(List.of("31 3 129", "2 1 0"), reports);
        assertEquals(0, ports.read(STATUS, 4));
    }

    @Test
    void onlyWhatCanBeRemovedIsEjected() {
        slots.setRemovable(3, true);
        slots.setRemovable(4, true);
        slots.setRemovable(4, false);
        slots.setRemovable(31, true);
        assertEquals(0x8000_0008L, ports.read(REMOVABLE, 4));
        ports.write(EJECT, 4, 0xffff_ffffL);
        assertEquals(List.of(3, 31), ejected);
        assertEquals(0, ports.read(EJECT, 4));
    }

    @Test
    void aPartOfARegisterIsNothing() {
        slots.insert(2);
        slots.setRemovable(2, true);
        assertEquals(0, ports.read(INSERTED, 1));
        assertEquals(0, ports.read(INSERTED + 1, 4));
        ports.write(EJECT, 1, 4);
        ports.write(REMOVABLE, 4, 0xff);
        assertEquals(List.of(), ejected);
        assertEquals(4, ports.read(INSERTED, 4));
        assertThrows(IllegalArgumentException.class, () -> slots.insert(32));
    }
}
