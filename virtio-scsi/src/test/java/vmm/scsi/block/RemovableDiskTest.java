package vmm.scsi.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vmm.block.BlockRequest.Operation;
import vmm.block.FakeDisk;
import vmm.scsi.DiskIdentity;
import vmm.scsi.Initiator;
import vmm.scsi.ScsiStatus;

/** Loading, ejecting and locking a medium, and a disk that rests. */
class RemovableDiskTest {
    private static final String TEST_UNIT_READY = "00 00 00 00 00 00";
    private static final String READ = "28 00 00 00 00 00 00 00 01 00";
    private static final String EJECT = "1b 00 00 00 02 00";
    private static final String LOAD = "1b 00 00 00 03 00";
    private static final String PREVENT = "1e 00 00 00 01 00";
    private static final String ALLOW = "1e 00 00 00 00 00";

    private static final String NO_MEDIUM = "70 00 02 00 00 00 00 0a 00 00 00 00 3a 00 00 00 00 00";
    private static final String PREVENTED = "70 00 05 00 00 00 00 0a 00 00 00 00 53 02 00 00 00 00";
    private static final String MEDIUM_CHANGED = "70 00 06 00 00 00 00 0a 00 00 00 00 28 00 00 00 00 00";

    private final FakeDisk medium = new FakeDisk(1 << 20);
    private final ScsiDisk disk = new ScsiDisk(medium, DiskIdentity.DEFAULT, DiskGeometry.DEFAULT, true, true);
    private final Initiator initiator = Initiator.of(disk);

    private void assertGood(String cdb) {
        assertEquals(ScsiStatus.GOOD, initiator.send(cdb).status(), cdb);
    }

    @Test
    void anEjectedMediumIsFlushedAndGoneUntilItIsLoaded() {
        Initiator other = Initiator.of(disk);
        assertGood(EJECT);
        assertEquals(List.of(new FakeDisk.Asked(Operation.FLUSH, 0, 0)), medium.asked());

        assertEquals(NO_MEDIUM, initiator.send(TEST_UNIT_READY).senseHex());
        assertEquals(NO_MEDIUM, initiator.read(READ, 512).senseHex());
        assertEquals(NO_MEDIUM, initiator.read("03 00 00 00 12 00", 18).hex());
        assertEquals("80", initiator.read("12 00 00 00 24 00", 36).hex().substring(3, 5));

        assertGood(LOAD);
        assertGood(TEST_UNIT_READY);
        assertEquals(MEDIUM_CHANGED, other.send(TEST_UNIT_READY).senseHex());
    }

    @Test
    void nobodyMovesTheMediumWhileOneInitiatorPreventsIt() {
        Initiator other = Initiator.of(disk);
        assertGood(PREVENT);

        assertEquals(PREVENTED, initiator.send(EJECT).senseHex());
        assertEquals(PREVENTED, other.send(EJECT).senseHex());
        assertEquals(ScsiStatus.GOOD, other.send(ALLOW).status());
        assertEquals(PREVENTED, other.send(EJECT).senseHex());
        assertGood(TEST_UNIT_READY);

        assertGood(ALLOW);
        assertGood(EJECT);
        assertGood(PREVENT);
        assertEquals(PREVENTED, initiator.send(LOAD).senseHex());
    }

    @Test
    void aResetAndTheLossOfTheNexusAllowIt() {
        assertGood(PREVENT);
        disk.reset();
        initiator.settle(0);
        assertGood(EJECT);
        assertGood(LOAD);

        assertGood(PREVENT);
        initiator.nexus.close(() -> {});
        Initiator other = Initiator.of(disk);
        assertEquals(ScsiStatus.GOOD, other.send(EJECT).status());
    }

    @Test
    void aDiskThatIsNotRemovableMovesNothing() {
        Initiator fixed = Initiator.of(Initiator.disk(medium));

        assertEquals(
                "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 c9 00 04",
                fixed.send(EJECT).senseHex());
    }

    @ParameterizedTest
    @ValueSource(strings = {"2", "3"})
    void aDiskThatRestsIsReadyAndWokenByARead(String condition) {
        assertGood("1b 00 00 00 " + condition + "0 00");

        assertGood(TEST_UNIT_READY);
        String rests = condition.equals("2") ? "03" : "04";
        assertEquals(
                "70 00 00 00 00 00 00 0a 00 00 00 00 5e " + rests + " 00 00 00 00",
                initiator.read("03 00 00 00 12 00", 18).hex());

        initiator.read(READ, 512);

        assertEquals(
                "70 00 00 00 00 00 00 0a 00 00 00 00 00 00 00 00 00 00",
                initiator.read("03 00 00 00 12 00", 18).hex());
    }

    @Test
    void reservedPowerConditionsAndModifiersAndTimersAreInvalidFields() {
        assertGood("1b 00 00 00 10 00");
        assertGood("1b 00 00 00 70 00");
        for (String condition : List.of("4", "5", "6", "8", "9", "a", "b", "c", "d", "e", "f")) {
            assertEquals(
                    "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 cf 00 04",
                    initiator.send("1b 00 00 00 " + condition + "0 00").senseHex());
        }
        assertEquals(
                "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 cb 00 03",
                initiator.send("1b 00 00 01 20 00").senseHex());
    }

    @Test
    void anImmediateStopDoesNotWaitForTheFlush() {
        medium.hold();

        assertGood("1b 01 00 00 00 00");

        assertTrue(disk.stopped());
        assertEquals(1, medium.held());
        medium.release();
    }
}
