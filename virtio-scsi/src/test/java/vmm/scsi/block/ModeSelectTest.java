package vmm.scsi.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import vmm.block.FakeDisk;
import vmm.scsi.Initiator;
import vmm.scsi.ScsiStatus;

/** MODE SELECT, and what its parameters do. */
class ModeSelectTest {
    private static final String HEADER = "00 00 00 00";
    private static final String CACHING_ON = "08 12 04" + " 00".repeat(17);
    private static final String CACHING_OFF = "08 12 00" + " 00".repeat(17);
    private static final String MODE_PARAMETERS_CHANGED = "70 00 06 00 00 00 00 0a 00 00 00 00 2a 01 00 00 00 00";
    private static final String LENGTH_ERROR = "70 00 05 00 00 00 00 0a 00 00 00 00 1a 00 00 00 00 00";

    private final FakeDisk medium = new FakeDisk(1 << 20);
    private final ScsiDisk disk = Initiator.disk(medium);
    private final Initiator initiator = Initiator.of(disk);

    private Initiator.Result select(String... parts) {
        byte[] list = HexFormat.ofDelimiter(" ").parseHex(String.join(" ", parts));
        return initiator.write("15 10 00 00 %02x 00".formatted(list.length), list);
    }

    private static String control(int flags, int swp, int tas) {
        return "0a 0a %02x 10 %02x %02x 00 00 ff ff 00 00".formatted(0x22 | flags, swp, tas);
    }

    private static String wrongParameter(String bits, int offset) {
        return "70 00 05 00 00 00 00 0a 00 00 00 00 26 00 00 " + bits + " 00 %02x".formatted(offset);
    }

    @Test
    void writeCacheTakesEffectAtOnceAndOthersAreTold() {
        Initiator other = Initiator.of(disk);

        assertEquals(ScsiStatus.GOOD, select(HEADER, CACHING_OFF).status());

        assertFalse(disk.writeCache());
        assertEquals(
                "17 00 10 00 " + CACHING_OFF,
                initiator.read("1a 08 08 00 ff 00", 255).hex());
        assertEquals(
                "17 00 10 00 " + CACHING_ON,
                initiator.read("1a 08 88 00 ff 00", 255).hex());
        assertEquals(ScsiStatus.GOOD, initiator.send("00 00 00 00 00 00").status());
        assertEquals(MODE_PARAMETERS_CHANGED, other.send("00 00 00 00 00 00").senseHex());
    }

    @Test
    void nobodyIsToldOfWhatStaysAsItIs() {
        Initiator other = Initiator.of(disk);

        assertEquals(ScsiStatus.GOOD, select(HEADER, CACHING_ON).status());

        assertEquals(ScsiStatus.GOOD, other.send("00 00 00 00 00 00").status());
    }

    @Test
    void aResetBringsTheDefaultsBack() {
        select(HEADER, CACHING_OFF);

        disk.reset();

        assertTrue(disk.writeCache());
    }

    @Test
    void softwareWriteProtectRefusesWritesAndShowsInTheHeader() {
        select(HEADER, control(0, 8, 0));

        assertEquals(
                "70 00 07 00 00 00 00 0a 00 00 00 00 27 02 00 00 00 00",
                initiator.write("2a 00 00 00 00 00 00 00 01 00", new byte[512]).senseHex());
        assertEquals(
                ScsiStatus.GOOD,
                initiator.read("28 00 00 00 00 00 00 00 01 00", 512).status());
        assertEquals("90", initiator.read("1a 08 0a 00 ff 00", 255).hex().substring(6, 8));

        select(HEADER, control(0, 0, 0));
        assertEquals(
                ScsiStatus.GOOD,
                initiator.write("2a 00 00 00 00 00 00 00 01 00", new byte[512]).status());
    }

    @Test
    void descriptorSenseSwitchesTheFormat() {
        select(HEADER, control(4, 0, 0));

        assertEquals(
                "72 05 21 00 00 00 00 0c 00 0a 80 00 00 00 00 00 00 00 08 00",
                initiator.read("28 00 00 00 08 00 00 00 01 00", 512).senseHex());
        assertEquals(
                "72 05 21 00 00 00 00 0c 00 0a 80 00 ff ff ff ff ff ff ff ff",
                initiator
                        .read("88 00 ff ff ff ff ff ff ff ff 00 00 00 01 00 00", 512)
                        .senseHex());
        assertEquals(
                "72 05 24 00 00 00 00 08 02 06 00 00 cf 00 01 00",
                initiator.read("28 e0 00 00 00 00 00 00 01 00", 512).senseHex());
        // SPC-5, REQUEST SENSE: DESC decides there
        assertEquals(
                "70 00 00 00 00 00 00 0a 00 00 00 00 00 00 00 00 00 00",
                initiator.read("03 00 00 00 fc 00", 252).hex());
    }

    @Test
    void whatCannotBeChangedIsPointedAtAndNothingOfTheListIsDone() {
        // The second page is wrong: TST, bits 7 to 5 of its byte 2
        assertEquals(
                wrongParameter("8d", 4 + 20 + 2),
                select(HEADER, CACHING_OFF, "0a 0a 02 10 00 00 00 00 ff ff 00 00")
                        .senseHex());

        assertTrue(disk.writeCache());
    }

    @Test
    void unknownPagesAndWrongLengthsArePointedAt() {
        assertEquals(wrongParameter("8d", 4), select(HEADER, "02 02 00 00").senseHex());
        assertEquals(
                wrongParameter("80", 5),
                select(HEADER, "08 11" + " 00".repeat(17)).senseHex());
        assertEquals(wrongParameter("80", 1), select("00 01 00 00", CACHING_OFF).senseHex());
        assertEquals(wrongParameter("80", 3), select("00 00 00 04", CACHING_OFF).senseHex());
    }

    @Test
    void aListThatEndsTooEarlyIsOne() {
        assertEquals(LENGTH_ERROR, select("00 00 00").senseHex());
        assertEquals(LENGTH_ERROR, select("00 00 00 08 00 00 08 00").senseHex());
        assertEquals(LENGTH_ERROR, select(HEADER, "08").senseHex());
        assertEquals(LENGTH_ERROR, select(HEADER, "08 12 00 00").senseHex());
        assertEquals(ScsiStatus.GOOD, initiator.send("15 10 00 00 00 00").status());
    }

    @Test
    void savingAndVendorsPagesAreRefused() {
        assertEquals(
                "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 c8 00 01",
                initiator.write("15 11 00 00 04 00", new byte[4]).senseHex());
        assertEquals(
                "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 cc 00 01",
                initiator.write("15 00 00 00 04 00", new byte[4]).senseHex());
    }

    @Test
    void aBlockDescriptorMayOnlySayWhatIsSo() {
        assertEquals(
                ScsiStatus.GOOD,
                select("00 00 00 08", "00 00 08 00 00 00 02 00", CACHING_OFF).status());
        assertEquals(
                ScsiStatus.GOOD,
                select("00 00 00 08", "00 00 00 00 00 00 02 00", CACHING_ON).status());
        assertEquals(
                wrongParameter("80", 4 + 6),
                select("00 00 00 08", "00 00 00 00 00 00 10 00", CACHING_OFF).senseHex());
        byte[] longList = HexFormat.ofDelimiter(" ")
                .parseHex("00 00 00 00 01 00 00 10 ff ff ff ff ff ff ff ff 00 00 00 00 00 00 02 00 " + CACHING_OFF);
        assertEquals(
                ScsiStatus.GOOD,
                initiator.write("55 10 00 00 00 00 00 00 2c 00", longList).status());
        assertFalse(disk.writeCache());
    }
}
