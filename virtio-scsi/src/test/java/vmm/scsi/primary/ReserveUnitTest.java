package vmm.scsi.primary;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static vmm.scsi.ScsiStatus.GOOD;
import static vmm.scsi.ScsiStatus.RESERVATION_CONFLICT;
import static vmm.scsi.reservation.ReservationType.WRITE_EXCLUSIVE_REGISTRANTS_ONLY;

import org.junit.jupiter.api.Test;
import vmm.block.FakeDisk;
import vmm.scsi.Initiator;
import vmm.scsi.ScsiStatus;
import vmm.scsi.TaskFunction;
import vmm.scsi.block.ScsiDisk;

class ReserveUnitTest {
    private static final String RESERVE_6 = "16 00 00 00 00 00";
    private static final String RELEASE_6 = "17 00 00 00 00 00";
    private static final String RESERVE_10 = "56 00 00 00 00 00 00 00 00 00";
    private static final String RELEASE_10 = "57 00 00 00 00 00 00 00 00 00";
    private static final String TEST_UNIT_READY = "00 00 00 00 00 00";

    private final ScsiDisk disk = Initiator.disk(new FakeDisk(1 << 20));
    private final Registrant first = new Registrant(disk, 0x11);
    private final Registrant second = new Registrant(disk, 0x22);

    private static ScsiStatus send(Registrant who, String cdb) {
        return who.initiator.send(cdb).status();
    }

    @Test
    void whatOneReservesTheOtherMayNotUse() {
        assertEquals(GOOD, send(first, RESERVE_6));
        assertEquals(GOOD, send(first, RESERVE_10));

        assertEquals(RESERVATION_CONFLICT, send(second, RESERVE_6));
        assertEquals(RESERVATION_CONFLICT, send(second, TEST_UNIT_READY));
        assertEquals(RESERVATION_CONFLICT, second.read());
        assertEquals(GOOD, second.initiator.read("12 00 00 00 24 00", 36).status());
        assertEquals(GOOD, first.write());
    }

    @Test
    void onlyWhoReservedReleases() {
        send(first, RESERVE_10);

        assertEquals(GOOD, send(second, RELEASE_10));
        assertEquals(RESERVATION_CONFLICT, second.read());
        assertEquals(GOOD, send(first, RELEASE_6));
        assertEquals(GOOD, second.read());
    }

    @Test
    void aResetReleases() {
        send(first, RESERVE_6);

        disk.reset();
        second.attention();

        assertEquals(GOOD, send(second, RESERVE_6));
    }

    @Test
    void theLossOfTheNexusReleases() {
        send(first, RESERVE_6);

        lose(second);
        assertEquals("29 07", second.attention());
        assertEquals(RESERVATION_CONFLICT, send(second, RESERVE_6));
        lose(first);

        assertEquals(GOOD, send(second, RESERVE_6));
    }

    private static void lose(Registrant who) {
        who.initiator.nexus.manage(TaskFunction.I_T_NEXUS_RESET, 0, 0, response -> {});
    }

    @Test
    void whileItIsReservedNobodyRegisters() {
        send(first, RESERVE_6);

        assertEquals(RESERVATION_CONFLICT, first.register().status());
        assertEquals(RESERVATION_CONFLICT, second.register().status());
        assertEquals(RESERVATION_CONFLICT, second.in(0).status());
    }

    @Test
    void whileSomebodyIsRegisteredNobodyReserves() {
        first.register();

        assertEquals(RESERVATION_CONFLICT, send(first, RESERVE_6));
        assertEquals(RESERVATION_CONFLICT, send(second, RELEASE_6));
    }

    @Test
    void whoHasRightsByAPersistentReservationReservesInVain() {
        first.register();
        second.register();
        first.reserve(WRITE_EXCLUSIVE_REGISTRANTS_ONLY);

        assertEquals(GOOD, send(first, RESERVE_6));
        assertEquals(GOOD, send(second, RESERVE_10));
        assertEquals(GOOD, send(first, RELEASE_6));
        assertEquals("11 5", first.reservation());
        assertEquals(GOOD, second.write());
    }

    @Test
    void thirdPartiesAndExtentsAreRefused() {
        assertEquals("5 24 00", Registrant.sense(first.initiator.send("16 10 00 00 00 00")));
        assertEquals("5 24 00", Registrant.sense(first.initiator.send("56 02 00 00 00 00 00 00 00 00")));
    }
}
