package vmm.scsi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import vmm.block.FakeDisk;
import vmm.scsi.block.ScsiDisk;
import vmm.scsi.primary.PrimaryUnits;

class LogicalUnitAddressingTest {
    private final FakeDisk medium = new FakeDisk(1 << 20);

    @Test
    void smallNumbersAreWrittenByThePeripheralMethodAndLargeOnesByTheFlatOne() {
        // SAM-5, peripheral device and flat space addressing
        assertEquals(0x0000_0000_0000_0000L, LunAddress.encode(0));
        assertEquals(0x00ff_0000_0000_0000L, LunAddress.encode(255));
        assertEquals(0x4100_0000_0000_0000L, LunAddress.encode(256));
        assertEquals(0x7fff_0000_0000_0000L, LunAddress.encode(16383));
    }

    @Test
    void everyNumberIsReadByBothMethods() {
        for (int lun = 0; lun <= LunAddress.MAX_LUN; lun++) {
            assertEquals(lun, LunAddress.decode(LunAddress.encode(lun)));
            assertEquals(lun, LunAddress.decode((0x4000L | lun) << 48));
        }
    }

    @Test
    void otherMethodsOtherBusesAndDeeperLevelsAddressNothingButReportLuns() {
        assertEquals(LunAddress.INVALID, LunAddress.decode(0x0100_0000_0000_0000L));
        assertEquals(LunAddress.INVALID, LunAddress.decode(0x8001_0000_0000_0000L));
        assertEquals(LunAddress.INVALID, LunAddress.decode(0xc102_0000_0000_0000L));
        assertEquals(LunAddress.REPORT_LUNS, LunAddress.decode(0xc101_0000_0000_0000L));
        assertEquals(LunAddress.INVALID, LunAddress.decode(0x0001_0001_0000_0000L));
        assertEquals(LunAddress.INVALID, LunAddress.decode(0x0001_0000_0000_0001L));
    }

    private Initiator sparse() {
        Initiator initiator = new Initiator();
        for (int lun : new int[] {16383, 3, 256}) {
            initiator.target.attach(lun, Initiator.disk(medium));
        }
        return initiator;
    }

    @Test
    void reportLunsListsAllInOrderFromAnyLogicalUnit() {
        String expected =
                "00 00 00 18 00 00 00 00" + " 00 03 00 00 00 00 00 00 41 00 00 00 00 00 00 00 7f ff 00 00 00 00 00 00";
        Initiator initiator = sparse();

        assertEquals(
                expected,
                initiator
                        .send(3, "a0 00 00 00 00 00 00 00 10 00 00 00", new byte[0], 4096)
                        .hex());
        assertEquals(
                expected,
                initiator
                        .send(256, "a0 00 11 00 00 00 00 00 10 00 00 00", new byte[0], 4096)
                        .hex());
        // SPC-5, REPORT LUNS: LUN 0 answers even if there is nothing else at LUN 0
        assertEquals(
                expected,
                initiator
                        .send(0, "a0 00 00 00 00 00 00 00 10 00 00 00", new byte[0], 4096)
                        .hex());
    }

    @Test
    void reportLunsTellsTheWholeLengthEvenIfThereIsNoRoom() {
        Initiator.Result result = sparse().send(3, "a0 00 00 00 00 00 00 00 00 10 00 00", new byte[0], 16);

        assertEquals("00 00 00 18 00 00 00 00 00 03 00 00 00 00 00 00", result.hex());
    }

    @Test
    void theWellKnownLogicalUnitIsReportedAloneOrBehindTheOthers() {
        assertEquals("00 00 00 08 00 00 00 00 c1 01 00 00 00 00 00 00", report(1));
        assertEquals(
                "00 00 00 20 00 00 00 00"
                        + " 00 03 00 00 00 00 00 00 41 00 00 00 00 00 00 00 7f ff 00 00 00 00 00 00 c1 01 00 00 00 00 00 00",
                report(2));
    }

    @Test
    void thereAreNoConglomeratesToReport() {
        assertEquals("00 00 00 00 00 00 00 00", report(0x10));
        assertEquals("00 00 00 00 00 00 00 00", report(0x12));
    }

    private String report(int select) {
        return sparse().send(3, "a0 00 %02x 00 00 00 00 00 10 00 00 00".formatted(select), new byte[0], 4096)
                .hex();
    }

    @Test
    void theWellKnownLogicalUnitReportsLunsAndHasNoBlocks() {
        Initiator initiator = sparse();
        int lun = LunAddress.REPORT_LUNS;
        initiator.settle(lun);

        assertEquals(
                "00 00 00 18",
                initiator
                        .send(lun, "a0 00 00 00 00 00 00 00 10 00 00 00", new byte[0], 4096)
                        .hex()
                        .substring(0, 11));
        assertEquals(
                "1e",
                initiator.send(lun, "12 00 00 00 24 00", new byte[0], 36).hex().substring(0, 2));
        assertEquals(
                "70 00 05 00 00 00 00 0a 00 00 00 00 20 00 00 00 00 00",
                initiator
                        .send(lun, "28 00 00 00 00 00 00 00 01 00", new byte[0], 512)
                        .senseHex());
    }

    @Test
    void otherReportsAreAnInvalidField() {
        Initiator.Result result = sparse().send(3, "a0 00 03 00 00 00 00 00 10 00 00 00", new byte[0], 4096);

        assertEquals("70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 c0 00 02", result.senseHex());
    }

    @Test
    void inquiryToANumberWithoutLogicalUnitSaysSo() {
        // SAM-5, incorrect LUN; SPC-5 6.7.2: qualifier 011b, device type 1Fh
        Initiator.Result result = sparse().send(7, "12 00 00 00 24 00", new byte[0], 36);

        assertEquals(ScsiStatus.GOOD, result.status());
        assertEquals("7f 00 06 32 5b", HexFormat.ofDelimiter(" ").formatHex(result.data(), 0, 5));
        assertEquals(
                "7f 00 00 01 00",
                sparse().send(7, "12 01 00 00 ff 00", new byte[0], 255).hex());
    }

    @Test
    void otherCommandsToANumberWithoutLogicalUnitAreNotSupported() {
        String notSupported = "70 00 05 00 00 00 00 0a 00 00 00 00 25 00 00 00 00 00";
        Initiator initiator = sparse();

        assertEquals(
                notSupported,
                initiator.send(7, "00 00 00 00 00 00", new byte[0], 0).senseHex());
        assertEquals(
                notSupported,
                initiator
                        .send(LunAddress.INVALID, "28 00 00 00 00 00 00 00 01 00", new byte[0], 512)
                        .senseHex());
        assertEquals(
                notSupported,
                initiator
                        .send(7, "a0 00 00 00 00 00 00 00 10 00 00 00", new byte[0], 4096)
                        .senseHex());
        // SAM-5, incorrect LUN: REQUEST SENSE tells it as data
        Initiator.Result sense = initiator.send(7, "03 00 00 00 12 00", new byte[0], 18);
        assertEquals(ScsiStatus.GOOD, sense.status());
        assertEquals(notSupported, sense.hex());
    }

    @Test
    void numbersAreTakenOnceAndEnd() {
        ScsiTarget target = new ScsiTarget(PrimaryUnits.SHARED);
        target.attach(16383, Initiator.disk(medium));

        assertThrows(IllegalArgumentException.class, () -> target.attach(16383, Initiator.disk(medium)));
        assertThrows(IllegalArgumentException.class, () -> target.attach(16384, Initiator.disk(medium)));
        assertThrows(IllegalArgumentException.class, () -> target.attach(-1, Initiator.disk(medium)));
        assertThrows(
                IllegalArgumentException.class,
                () -> new ScsiBus(PrimaryUnits.SHARED).attach(256, 0, Initiator.disk(medium)));
        assertArrayEquals(new int[] {16383}, target.luns());
    }

    @Test
    void aTargetHasRoomForAllNumbers() {
        ScsiTarget target = new ScsiTarget(PrimaryUnits.SHARED);
        ScsiDisk disk = Initiator.disk(medium);
        for (int lun = 0; lun <= LunAddress.MAX_LUN; lun++) {
            target.attach(lun, disk);
        }

        assertEquals(16384, target.luns().length);
    }

    @Test
    void logicalUnitsOfARangeAreMadeOnceAndWhenTheyAreAskedFor() {
        List<Integer> made = new ArrayList<>();
        ScsiTarget target = new ScsiTarget(PrimaryUnits.SHARED);
        target.attach(10, 19, lun -> {
            made.add(lun);
            return Initiator.disk(medium);
        });
        assertEquals(10, target.luns().length);
        assertEquals(List.of(), made);

        assertSame(target.unit(13), target.unit(13));
        assertNull(target.unit(20));
        assertEquals(List.of(13), made);
    }

    @Test
    void aNumberInARangeIsTaken() {
        ScsiTarget target = new ScsiTarget(PrimaryUnits.SHARED);
        target.attach(5, Initiator.disk(medium));
        assertThrows(IllegalArgumentException.class, () -> target.attach(0, 5, lun -> Initiator.disk(medium)));
        target.attach(6, 9, lun -> Initiator.disk(medium));

        assertThrows(IllegalArgumentException.class, () -> target.attach(8, Initiator.disk(medium)));
        assertThrows(IllegalArgumentException.class, () -> target.attach(9, 12, lun -> Initiator.disk(medium)));
    }

    @Test
    void whatIsDetachedIsGoneAndItsNumberFree() {
        ScsiTarget target = new ScsiTarget(PrimaryUnits.SHARED);
        target.attach(0, 3, lun -> Initiator.disk(medium));
        target.unit(1);

        assertTrue(target.detach(1) && target.detach(0));
        assertFalse(target.detach(1) || target.detach(16383));
        assertArrayEquals(new int[] {2, 3}, target.luns());
        assertNull(target.unit(1));
        target.attach(1, Initiator.disk(medium));
        assertArrayEquals(new int[] {1, 2, 3}, target.luns());
    }

    @Test
    void whoHasTalkedToALogicalUnitHearsThatOthersComeAndGo() {
        Initiator initiator = new Initiator();
        initiator.target.attach(3, Initiator.disk(medium));
        initiator.settle(3);
        String told = "70 00 06 00 00 00 00 0a 00 00 00 00 3f 0e 00 00 00 00";

        initiator.target.attach(4, Initiator.disk(medium));
        assertEquals(
                told, initiator.send(3, "00 00 00 00 00 00", new byte[0], 0).senseHex());
        initiator.target.detach(4);
        assertEquals(
                told, initiator.send(3, "00 00 00 00 00 00", new byte[0], 0).senseHex());
    }
}
