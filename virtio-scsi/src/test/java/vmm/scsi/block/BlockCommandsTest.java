package vmm.scsi.block;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import vmm.block.BlockRequest.Operation;
import vmm.block.FakeDisk;
import vmm.linux.Errno;
import vmm.scsi.Initiator;
import vmm.scsi.ScsiStatus;

/** The commands of SBC-4 that do more to blocks than to read and to write them. */
class BlockCommandsTest {
    private static final int BLOCK = 512;
    private static final int SIZE = 1 << 20;

    private final FakeDisk medium = new FakeDisk(SIZE);
    private final Initiator initiator = Initiator.of(Initiator.disk(medium));

    private static byte[] filled(int blocks, int value) {
        byte[] bytes = new byte[blocks * BLOCK];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private static byte[] joined(byte[]... parts) {
        HexFormat hex = HexFormat.of();
        StringBuilder text = new StringBuilder();
        for (byte[] part : parts) {
            text.append(hex.formatHex(part));
        }
        return hex.parseHex(text);
    }

    private void fill(int lba, int blocks, int value) {
        medium.content().asSlice((long) lba * BLOCK, (long) blocks * BLOCK).fill((byte) value);
    }

    private byte[] blocks(int lba, int blocks) {
        return medium.content()
                .asSlice((long) lba * BLOCK, (long) blocks * BLOCK)
                .toArray(JAVA_BYTE);
    }

    private static String sense(String key, String code, long information) {
        return "f0 00 %s %08x 0a 00 00 00 00 %s 00 00 00 00"
                .formatted(key, information, code)
                .replaceAll("([0-9a-f]{2})(?=[0-9a-f])", "$1 ");
    }

    private void good(Initiator.Result result) {
        assertEquals(ScsiStatus.GOOD, result.status(), result::senseHex);
    }

    @Test
    void verifyFindsTheBlockThatDiffers() {
        fill(0, 600, 7);
        byte[] data = filled(600, 7);
        good(initiator.write("2f 02 00 00 00 00 00 02 58 00", data));

        data[599 * BLOCK + 3] = 8;

        assertEquals(
                sense("0e", "1d 00", 599),
                initiator.write("2f 02 00 00 00 00 00 02 58 00", data).senseHex());
    }

    @Test
    void verifyWithASingleBlockComparesEachWithIt() {
        fill(4, 3, 9);

        good(initiator.write("8f 06 00 00 00 00 00 00 00 04 00 00 00 03 00 00", filled(1, 9)));
        assertEquals(
                sense("0e", "1d 00", 7),
                initiator
                        .write("8f 06 00 00 00 00 00 00 00 04 00 00 00 05 00 00", filled(1, 9))
                        .senseHex());
    }

    @Test
    void verifyWithoutDataOnlyReads() {
        medium.failAt(700 * BLOCK, BLOCK, Errno.EIO);

        good(initiator.send("af 00 00 00 00 00 00 00 01 00 00 00"));
        // The error is within a step of 256 blocks that begins at 512.
        assertEquals(
                sense("03", "11 00", 512),
                initiator.send("af 00 00 00 00 00 00 00 04 00 00 00").senseHex());
        assertEquals(
                "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 ca 00 01",
                initiator.send("af 04 00 00 00 00 00 00 01 00 00 00").senseHex());
    }

    @Test
    void writeAndVerifyReadsBackWhatIsInStableStorage() {
        good(initiator.write("2e 02 00 00 00 05 00 00 02 00", filled(2, 3)));

        assertArrayEquals(filled(2, 3), blocks(5, 2));
        assertEquals(
                List.of(Operation.WRITE, Operation.FLUSH, Operation.READ),
                medium.asked().stream().map(FakeDisk.Asked::operation).toList());
    }

    @Test
    void compareAndWriteWritesOnlyIfAllIsAsExpected() {
        fill(2, 2, 1);
        byte[] data = joined(filled(2, 1), filled(2, 5));
        String cdb = "89 00 00 00 00 00 00 00 00 02 00 00 00 02 00 00";

        good(initiator.write(cdb, data));
        assertArrayEquals(filled(2, 5), blocks(2, 2));

        fill(2, 2, 1);
        data[700] = 0;
        // SBC-4 5.3: the offset in the data-out buffer
        assertEquals(sense("0e", "1d 00", 700), initiator.write(cdb, data).senseHex());
        assertArrayEquals(filled(2, 1), blocks(2, 2));
    }

    @Test
    void compareAndWriteWantsExactlyItsData() {
        String cdb = "89 00 00 00 00 00 00 00 00 02 00 00 00 02 00 00";

        assertEquals(true, initiator.write(cdb, filled(3, 0)).overrun());
        assertEquals(
                "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 c0 00 0d",
                initiator.write(cdb, filled(5, 0)).senseHex());
    }

    @Test
    void orWriteSetsBits() {
        fill(0, 300, 0x50);

        good(initiator.write("8b 00 00 00 00 00 00 00 00 00 00 00 01 2c 00 00", filled(300, 0x0a)));

        assertArrayEquals(filled(300, 0x5a), blocks(0, 300));
    }

    @Test
    void anAtomicWriteKeepsToItsLimits() {
        good(initiator.write("9c 00 00 00 00 00 00 00 00 08 00 00 00 02 00 00", filled(2, 4)));
        assertArrayEquals(filled(2, 4), blocks(8, 2));

        assertEquals(
                "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 c0 00 0a",
                initiator
                        .write("9c 00 00 00 00 00 00 00 00 08 00 08 00 02 00 00", filled(2, 4))
                        .senseHex());
        Initiator large = Initiator.of(Initiator.disk(new FakeDisk(4 << 20)));
        assertEquals(
                "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 c0 00 0c",
                large.write("9c 00 00 00 00 00 00 00 00 00 00 00 08 01 00 00", new byte[2049 * BLOCK])
                        .senseHex());
    }

    @Test
    void writeSameRepeatsABlock() {
        byte[] block = filled(1, 0);
        block[5] = 1;

        good(initiator.write("41 00 00 00 00 01 00 02 58 00", block));

        byte[] all = blocks(1, 600);
        for (int i = 0; i < 600; i++) {
            assertArrayEquals(block, Arrays.copyOfRange(all, i * BLOCK, (i + 1) * BLOCK), "block " + i);
        }
        assertArrayEquals(filled(1, 0), blocks(601, 1));
    }

    @Test
    void writeSameOfZerosIsLeftToTheMedium() {
        good(initiator.write("93 08 00 00 00 00 00 00 00 08 00 00 00 10 00 00", new byte[BLOCK]));
        good(initiator.send("93 01 00 00 00 00 00 00 00 08 00 00 00 00 00 00"));

        assertEquals(
                List.of(
                        new FakeDisk.Asked(Operation.WRITE_ZEROES, 8 * BLOCK, 16 * BLOCK, false, true),
                        new FakeDisk.Asked(Operation.WRITE_ZEROES, 8 * BLOCK, SIZE - 8 * BLOCK, false, false)),
                medium.asked());
    }

    @Test
    void writeSameOfOtherDataIsWrittenEvenIfItMayUnmap() {
        // SBC-4 4.7.3.4.4: reads behave as if the block had been written
        good(initiator.write("41 08 00 00 00 00 00 00 02 00", filled(1, 6)));

        assertArrayEquals(filled(2, 6), blocks(0, 2));
    }

    @Test
    void unmappedBlocksReadAsZerosAndHaveNoStorage() {
        fill(0, 64, 1);
        String list = "00 16 00 20 00 00 00 00" + " 00 00 00 00 00 00 00 08 00 00 00 10 00 00 00 00"
                + " 00 00 00 00 00 00 00 20 00 00 00 01 00 00 00 00";

        good(initiator.write(
                "42 00 00 00 00 00 00 00 28 00", HexFormat.ofDelimiter(" ").parseHex(list)));

        assertArrayEquals(filled(16, 0), blocks(8, 16));
        assertArrayEquals(filled(1, 0), blocks(32, 1));
        assertArrayEquals(filled(1, 1), blocks(33, 1));
        // Storage is given back by 8 blocks.
        assertEquals(
                "00 00 00 34 00 00 00 10" + " 00 00 00 00 00 00 00 00 00 00 00 08 00 00 00 00"
                        + " 00 00 00 00 00 00 00 08 00 00 00 10 01 00 00 00"
                        + " 00 00 00 00 00 00 00 18 00 00 07 e8 00 00 00 00",
                initiator
                        .read("9e 12 00 00 00 00 00 00 00 00 00 00 01 00 00 00", 256)
                        .hex());
    }

    @Test
    void nothingIsUnmappedIfAnyRangeIsBeyondTheEnd() {
        fill(0, 64, 1);
        String list = "00 16 00 20 00 00 00 00" + " 00 00 00 00 00 00 00 08 00 00 00 10 00 00 00 00"
                + " 00 00 00 00 00 00 07 ff 00 00 00 02 00 00 00 00";

        assertEquals(
                sense("05", "21 00", 0x800),
                initiator
                        .write(
                                "42 00 00 00 00 00 00 00 28 00",
                                HexFormat.ofDelimiter(" ").parseHex(list))
                        .senseHex());
        assertArrayEquals(filled(64, 1), blocks(0, 64));
    }

    @Test
    void aFullyProvisionedDiskDoesNotUnmap() {
        FakeDisk full = new FakeDisk(SIZE);
        full.discardIn(0);
        Initiator other = Initiator.of(Initiator.disk(full));

        assertEquals(
                "70 00 05 00 00 00 00 0a 00 00 00 00 20 00 00 00 00 00",
                other.write("42 00 00 00 00 00 00 00 08 00", new byte[8]).senseHex());
        assertEquals(
                "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 cb 00 01",
                other.write("41 08 00 00 00 00 00 00 02 00", new byte[BLOCK]).senseHex());
        assertEquals(
                "00 00 00 14 00 00 00 10 00 00 00 00 00 00 00 01 00 00 07 ff 00 00 00 00",
                other.read("9e 12 00 00 00 00 00 00 00 01 00 00 00 18 00 00", 24)
                        .hex());
    }

    @Test
    void lbaStatusIsAskedForWithTheLongCdbToo() {
        // SCAN LENGTH 4, room for one descriptor
        assertEquals(
                "00 00 00 14 00 00 00 10 00 00 00 00 00 00 00 02 00 00 00 04 00 00 00 00",
                initiator
                        .read(
                                "7f 00 00 00 00 00 00 18 00 12 00 00 00 00 00 00 00 00 00 02 00 00 00 04 00 00 00 00 00"
                                        + " 00 00 18",
                                24)
                        .hex());
    }

    @Test
    void theLongReadAndWriteMoveBlocks() {
        String tail = " 00 00 00 00 00 00 00 00 00 03 00 00 00 00 00 00 00 00 00 00 00 02";
        good(initiator.write("7f 00 00 00 00 00 00 18 00 0b" + tail, filled(2, 8)));

        assertArrayEquals(
                filled(2, 8),
                initiator
                        .read("7f 00 00 00 00 00 00 18 00 09" + tail, 2 * BLOCK)
                        .data());
        assertArrayEquals(filled(2, 8), blocks(3, 2));
    }

    @Test
    void aReadOnlyDiskIsNotWrittenToByAnyCommand() {
        Initiator readOnly = Initiator.of(Initiator.disk(new FakeDisk(SIZE, true)));
        String writeProtected = "70 00 07 00 00 00 00 0a 00 00 00 00 27 00 00 00 00 00";

        for (String cdb : List.of(
                "2e 02 00 00 00 00 00 00 01 00",
                "41 00 00 00 00 00 00 00 01 00",
                "89 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00",
                "8b 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00",
                "93 08 00 00 00 00 00 00 00 00 00 00 00 01 00 00",
                "9c 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00",
                "04 00 00 00 00 00")) {
            assertEquals(
                    writeProtected, readOnly.write(cdb, new byte[2 * BLOCK]).senseHex(), cdb);
        }
    }

    @Test
    void noStorageLeftIsADataProtectError() {
        medium.failAt(0, SIZE, Errno.ENOSPC);

        assertEquals(
                "70 00 07 00 00 00 00 0a 00 00 00 00 27 07 00 00 00 00",
                initiator.write("41 00 00 00 00 01 00 02 58 00", filled(1, 1)).senseHex());
    }

    @Test
    void defectsAreNone() {
        assertEquals(
                "00 1d 00 00",
                initiator.read("37 00 1d 00 00 00 00 00 20 00", 32).hex());
        assertEquals(
                "00 18 00 00 00 00 00 00",
                initiator.read("b7 18 00 00 00 00 00 00 00 20 00 00", 32).hex());
    }
}
