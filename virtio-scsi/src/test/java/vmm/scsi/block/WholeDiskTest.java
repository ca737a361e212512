package vmm.scsi.block;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import vmm.block.BlockRequest.Operation;
import vmm.block.FakeDisk;
import vmm.linux.Errno;
import vmm.scsi.Initiator;
import vmm.scsi.ScsiStatus;
import vmm.scsi.TaskFunction;

/** SANITIZE and FORMAT UNIT. */
class WholeDiskTest {
    private static final String OVERWRITE = "48 01 00 00 00 00 00 00 08 00";
    private static final byte[] TWICE_INVERTED = HexFormat.of().parseHex("82000003a1b2c3ff");
    private static final String SANITIZING = "70 00 02 00 00 00 00 0a 00 00 00 00 04 1b";
    private static final String FAILED = "70 00 03 00 00 00 00 0a 00 00 00 00 31 03 00 00 00 00";

    private final FakeDisk medium = new FakeDisk(1 << 20);
    private final Initiator initiator = Initiator.of(Initiator.disk(medium));

    private String readOne() {
        return initiator.read("28 00 00 00 00 00 00 00 01 00", 512).senseHex();
    }

    /** Sense data without what tells the progress. */
    private static String code(String sense) {
        return sense.substring(0, 14 * 3 - 1);
    }

    @Test
    void overwritingRepeatsThePatternInEachBlock() {
        byte[] list = HexFormat.of().parseHex("01000003a1b2c3ff");

        assertEquals(ScsiStatus.GOOD, initiator.write(OVERWRITE, list).status());

        byte[] all = medium.content().toArray(JAVA_BYTE);
        for (int i = 0; i < all.length; i++) {
            assertEquals(list[4 + i % 512 % 3], all[i], "byte " + i);
        }
        assertEquals(Operation.FLUSH, medium.asked().getLast().operation());
    }

    @Test
    void theSecondPassIsInvertedIfWanted() {
        assertEquals(ScsiStatus.GOOD, initiator.write(OVERWRITE, TWICE_INVERTED).status());

        assertEquals((byte) ~0xa1, medium.content().get(JAVA_BYTE, 512));
    }

    @Test
    void erasingGivesAllStorageBack() {
        assertEquals(
                ScsiStatus.GOOD, initiator.send("48 02 00 00 00 00 00 00 00 00").status());

        assertEquals(
                List.of(
                        new FakeDisk.Asked(Operation.WRITE_ZEROES, 0, 1 << 20, false, true),
                        new FakeDisk.Asked(Operation.FLUSH, 0, 0)),
                medium.asked());
    }

    @Test
    void meanwhileNothingElseReachesTheMedium() {
        medium.hold();
        byte[] list = HexFormat.of().parseHex("01000003a1b2c3ff");
        assertEquals(
                ScsiStatus.GOOD,
                initiator.write("48 81 00 00 00 00 00 00 08 00", list).status());
        medium.releaseOne();
        medium.releaseOne();
        initiator.loop.runUntilIdle();
        medium.releaseOne();
        initiator.loop.runUntilIdle();

        assertEquals(SANITIZING, code(readOne()));
        assertEquals(SANITIZING, code(initiator.send("1b 00 00 00 00 00").senseHex()));
        assertEquals(SANITIZING, code(initiator.send(OVERWRITE).senseHex()));
        assertEquals(ScsiStatus.GOOD, initiator.read("12 00 00 00 24 00", 36).status());
        // Half of the disk is done.
        assertEquals(
                "70 00 02 00 00 00 00 0a 00 00 00 00 04 1b 00 80 80 00",
                initiator.read("03 00 00 00 12 00", 18).hex());
        assertEquals(
                "72 02 04 1b 00 00 00 08 02 06 00 00 80 80 00 00",
                initiator.read("03 01 00 00 20 00", 32).hex());

        medium.release();
        initiator.loop.runUntilIdle();
        assertEquals("", readOne());
    }

    @Test
    void itGoesOnWhenItsCommandIsAborted() {
        medium.hold();
        byte[] list = HexFormat.of().parseHex("01000003a1b2c3ff");
        Initiator.Task task = initiator.start(0, HexFormat.ofDelimiter(" ").parseHex(OVERWRITE), list, 0, 1);
        initiator.nexus.manage(TaskFunction.LOGICAL_UNIT_RESET, 0, 0, response -> {});
        medium.releaseOne();
        initiator.loop.runUntilIdle();

        assertTrue(task.ended());
        initiator.read("03 00 00 00 12 00", 18);
        assertEquals(SANITIZING, code(readOne()));
        medium.release();
        initiator.loop.runUntilIdle();
        assertEquals((byte) 0xa1, medium.content().get(JAVA_BYTE, (1 << 20) - 512));
    }

    @Test
    void whoComesWhileItWaitsForOthersIsNotKeptWaiting() {
        medium.hold();
        initiator.start(0, HexFormat.of().parseHex("2a000000000000000100"), new byte[512], 0, 1);
        Initiator.Task erasing = initiator.start(0, HexFormat.of().parseHex("48020000000000000000"), new byte[0], 0, 1);
        Initiator.Task reading =
                initiator.start(0, HexFormat.of().parseHex("28000000000000000100"), new byte[0], 512, 1);
        initiator.loop.runUntilIdle();
        assertFalse(erasing.ended() || reading.ended());

        medium.releaseOne();
        initiator.loop.runUntilIdle();

        assertTrue(reading.ended());
        assertEquals(ScsiStatus.CHECK_CONDITION, reading.status());
        assertFalse(erasing.ended());
        medium.release();
        initiator.loop.runUntilIdle();
        assertEquals(ScsiStatus.GOOD, erasing.status());
    }

    @Test
    void aFailureStaysUntilItIsLeftOrMended() {
        medium.failAt(1 << 19, 512, Errno.EIO);
        assertEquals(FAILED, initiator.send("48 02 00 00 00 00 00 00 00 00").senseHex());
        assertEquals(FAILED, readOne());
        // AUSE was 0
        assertEquals(
                ScsiStatus.CHECK_CONDITION,
                initiator.send("48 1f 00 00 00 00 00 00 00 00").status());

        assertEquals(FAILED, initiator.send("48 22 00 00 00 00 00 00 00 00").senseHex());
        assertEquals(
                ScsiStatus.GOOD, initiator.send("48 1f 00 00 00 00 00 00 00 00").status());
        assertEquals("", readOne());

        initiator.send("48 02 00 00 00 00 00 00 00 00");
        medium.repair();
        assertEquals(
                ScsiStatus.GOOD, initiator.send("48 02 00 00 00 00 00 00 00 00").status());
        assertEquals("", readOne());
    }

    @Test
    void formattingFillsTheDisk() {
        medium.content().fill((byte) 1);
        assertEquals(ScsiStatus.GOOD, initiator.send("04 00 00 00 00 00").status());
        assertEquals(0, medium.content().get(JAVA_BYTE, 77 * 512));

        // FMTDATA, IP: a pattern of two bytes
        byte[] list = HexFormat.of().parseHex("00080000" + "00010002" + "cafe");
        assertEquals(ScsiStatus.GOOD, initiator.write("04 10 00 00 00 00", list).status());
        assertEquals((byte) 0xfe, medium.content().get(JAVA_BYTE, 77 * 512 + 1));
    }

    @Test
    void formattingWithDefectsOrProtectionIsRefused() {
        assertEquals(
                "70 00 05 00 00 00 00 0a 00 00 00 00 26 00 00 80 00 02",
                initiator
                        .write("04 18 00 00 00 00", HexFormat.of().parseHex("0000000400000000"))
                        .senseHex());
        assertEquals(
                "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 cf 00 01",
                initiator.send("04 80 00 00 00 00").senseHex());
        assertFalse(medium.asked().stream().anyMatch(asked -> asked.operation().changesDisk()));
    }
}
