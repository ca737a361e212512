package vmm.scsi.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import vmm.block.FakeDisk;
import vmm.scsi.Initiator;
import vmm.scsi.ScsiStatus;
import vmm.scsi.UnitAttention;

class UnitAttentionTest {
    private static final String POWER_ON = "70 00 06 00 00 00 00 0a 00 00 00 00 29 01 00 00 00 00";
    private static final String BUS_RESET = "70 00 06 00 00 00 00 0a 00 00 00 00 29 02 00 00 00 00";
    private static final String UNIT_RESET = "70 00 06 00 00 00 00 0a 00 00 00 00 29 03 00 00 00 00";
    private static final String CAPACITY = "70 00 06 00 00 00 00 0a 00 00 00 00 2a 09 00 00 00 00";
    private static final String NO_SENSE = "70 00 00 00 00 00 00 0a 00 00 00 00 00 00 00 00 00 00";

    private static final String TEST_UNIT_READY = "00 00 00 00 00 00";
    private static final String REQUEST_SENSE = "03 00 00 00 fc 00";

    private final ScsiDisk disk = Initiator.disk(new FakeDisk(1 << 20));
    private final Initiator fresh = new Initiator();

    UnitAttentionTest() {
        fresh.target.attach(0, disk);
    }

    @Test
    void powerOnIsToldOnceToEachInitiator() {
        Initiator other = new Initiator();
        other.target.attach(0, disk);

        for (Initiator initiator : new Initiator[] {fresh, other}) {
            assertEquals(POWER_ON, initiator.send(TEST_UNIT_READY).senseHex());
            assertEquals(ScsiStatus.GOOD, initiator.send(TEST_UNIT_READY).status());
        }
    }

    @Test
    void inquiryAndReportLunsLeaveItPending() {
        assertEquals(ScsiStatus.GOOD, fresh.read("12 00 00 00 24 00", 36).status());
        assertEquals(
                ScsiStatus.GOOD,
                fresh.read("a0 00 00 00 00 00 00 00 00 10 00 00", 16).status());
        assertEquals(POWER_ON, fresh.send(TEST_UNIT_READY).senseHex());
    }

    @Test
    void requestSenseTellsItAsDataAndThatSettlesIt() {
        Initiator.Result sense = fresh.read(REQUEST_SENSE, 252);

        assertEquals(ScsiStatus.GOOD, sense.status());
        assertEquals(POWER_ON, sense.hex());
        assertEquals(252 - 18, sense.residual());
        assertEquals(NO_SENSE, fresh.read(REQUEST_SENSE, 252).hex());
    }

    @Test
    void requestSenseTellsItInDescriptorFormatIfAsked() {
        assertEquals(
                "72 06 29 01 00 00 00 00", fresh.read("03 01 00 00 fc 00", 252).hex());
    }

    @Test
    void aReadThatMeetsItMovesNothingAndTheNextOneDoes() {
        Initiator.Result first = fresh.read("28 00 00 00 00 00 00 00 01 00", 512);

        assertEquals(POWER_ON, first.senseHex());
        assertEquals(512, first.residual());
        assertEquals(0, fresh.read("28 00 00 00 00 00 00 00 01 00", 512).residual());
    }

    @Test
    void itIsToldEvenToACommandThatDoesNotExist() {
        assertEquals(POWER_ON, fresh.send("ff 00 00 00 00 00").senseHex());
    }

    @Test
    void powerOnSettlesTheResetsBehindItAndNothingElse() {
        fresh.read("12 00 00 00 24 00", 36);
        disk.reset();
        disk.raise(UnitAttention.CAPACITY_CHANGED);

        assertEquals(POWER_ON, fresh.send(TEST_UNIT_READY).senseHex());
        assertEquals(CAPACITY, fresh.send(TEST_UNIT_READY).senseHex());
        assertEquals(ScsiStatus.GOOD, fresh.send(TEST_UNIT_READY).status());
    }

    @Test
    void aLogicalUnitResetIsToldToAllInitiatorsAndStartsTheDisk() {
        Initiator other = Initiator.of(disk);
        fresh.settle(0);
        fresh.send("1b 00 00 00 00 00");
        assertTrue(disk.stopped());

        disk.reset();

        assertEquals(UNIT_RESET, fresh.send(TEST_UNIT_READY).senseHex());
        assertEquals(UNIT_RESET, other.send(TEST_UNIT_READY).senseHex());
        assertEquals(ScsiStatus.GOOD, fresh.send(TEST_UNIT_READY).status());
    }

    @Test
    void aHardResetIsToldAsOne() {
        fresh.settle(0);

        fresh.nexus.hardReset();

        assertEquals(BUS_RESET, fresh.send(TEST_UNIT_READY).senseHex());
        assertEquals(ScsiStatus.GOOD, fresh.send(TEST_UNIT_READY).status());
    }

    @Test
    void reportLunsSettlesThatTheyHaveChanged() {
        fresh.settle(0);
        disk.raise(UnitAttention.REPORTED_LUNS_CHANGED);

        fresh.read("a0 00 00 00 00 00 00 00 00 10 00 00", 16);

        assertEquals(ScsiStatus.GOOD, fresh.send(TEST_UNIT_READY).status());
    }
}
