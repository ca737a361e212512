package vmm.scsi.block;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import vmm.block.FakeDisk;
import vmm.scsi.DiskIdentity;
import vmm.scsi.Initiator;
import vmm.scsi.ScsiStatus;
import vmm.scsi.block.protection.ProtectedMedium;
import vmm.scsi.block.protection.ProtectionType;

/** Protection information kept beside the data. */
class ProtectionTest {
    private static final int BLOCK = 512;
    private static final String READ_TWO = "28 %02x 00 00 00 05 00 00 02 00";
    private static final String WRITE_TWO = "2a %02x 00 00 00 05 00 00 02 00";

    private final FakeDisk data = new FakeDisk(1 << 20);
    private final FakeDisk information = new FakeDisk(2048 * 8);
    private final Initiator type1 = initiator(ProtectionType.TYPE_1);

    private Initiator initiator(ProtectionType type) {
        ProtectedMedium medium = new ProtectedMedium(data, information, type, BLOCK);
        return Initiator.of(new ScsiDisk(medium, DiskIdentity.DEFAULT, DiskGeometry.DEFAULT, true));
    }

    private static byte[] counting(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) i;
        }
        return bytes;
    }

    private static String failed(String code, long lba) {
        return "f0 00 0b 00 00 00 %02x 0a 00 00 00 00 %s 00 00 00 00".formatted(lba, code);
    }

    private String kept(int lba) {
        byte[] inverted = information.content().asSlice(lba * 8L, 8).toArray(JAVA_BYTE);
        for (int i = 0; i < 8; i++) {
            inverted[i] = (byte) ~inverted[i];
        }
        return HexFormat.of().formatHex(inverted);
    }

    @Test
    void theDiskSaysOfWhichTypeItIs() {
        assertEquals(1, type1.read("12 00 00 00 24 00", 36).data()[5] & 1);
        assertEquals(
                0b001,
                type1.read("9e 10 00 00 00 00 00 00 00 00 00 00 00 20 00 00", 32)
                        .data()[12]);
        assertEquals(
                0b101,
                initiator(ProtectionType.TYPE_3)
                        .read("9e 10 00 00 00 00 00 00 00 00 00 00 00 20 00 00", 32)
                        .data()[12]);
    }

    @Test
    void aWriteWithoutInformationIsGivenSome() {
        assertEquals(
                ScsiStatus.GOOD,
                type1.write(WRITE_TWO.formatted(0), new byte[2 * BLOCK]).status());

        assertEquals("0000000000000005", kept(5));
        assertEquals("0000000000000006", kept(6));
        assertEquals("ffffffffffffffff", kept(7));
    }

    @Test
    void informationComesBackBehindEachBlock() {
        byte[] blocks = counting(2 * BLOCK);
        type1.write(WRITE_TWO.formatted(0), blocks);

        byte[] read = type1.read(READ_TWO.formatted(0x20), 2 * (BLOCK + 8)).data();

        assertArrayEquals(Arrays.copyOf(blocks, BLOCK), Arrays.copyOf(read, BLOCK));
        assertEquals(kept(5), HexFormat.of().formatHex(read, BLOCK, BLOCK + 8));
        assertEquals(kept(6), HexFormat.of().formatHex(read, 2 * BLOCK + 8, 2 * BLOCK + 16));
    }

    @Test
    void dataThatIsDamagedIsNotedWhenItIsRead() {
        type1.write(WRITE_TWO.formatted(0), counting(2 * BLOCK));
        data.content().set(JAVA_BYTE, 6 * BLOCK + 9, (byte) 0);

        assertEquals(
                failed("10 01", 6), type1.read(READ_TWO.formatted(0), 2 * BLOCK).senseHex());
        assertEquals(
                failed("10 01", 6),
                type1.read(READ_TWO.formatted(0x20), 2 * (BLOCK + 8)).senseHex());
        // RDPROTECT 011b: nothing is checked
        assertEquals(
                ScsiStatus.GOOD,
                type1.read(READ_TWO.formatted(0x60), 2 * (BLOCK + 8)).status());
    }

    @Test
    void whatAnInitiatorSendsIsCheckedAsItWants() {
        type1.write(WRITE_TWO.formatted(0), counting(2 * BLOCK));
        byte[] both = type1.read(READ_TWO.formatted(0x20), 2 * (BLOCK + 8)).data();
        both[BLOCK + 8 + BLOCK + 7] = 9;

        assertEquals(
                failed("10 03", 6), type1.write(WRITE_TWO.formatted(0x20), both).senseHex());
        // WRPROTECT 100b: the guard only; 011b: nothing
        assertEquals(
                ScsiStatus.GOOD, type1.write(WRITE_TWO.formatted(0x80), both).status());
        both[0] ^= 1;
        assertEquals(
                failed("10 01", 5), type1.write(WRITE_TWO.formatted(0x80), both).senseHex());
        assertEquals(
                ScsiStatus.GOOD, type1.write(WRITE_TWO.formatted(0x60), both).status());
        assertEquals("09", kept(6).substring(14));
        assertEquals(
                "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 cf 00 01",
                type1.write(WRITE_TWO.formatted(0xc0), both).senseHex());
    }

    @Test
    void withType3TheReferenceTagIsTheInitiators() {
        Initiator type3 = initiator(ProtectionType.TYPE_3);
        type3.write(WRITE_TWO.formatted(0), counting(2 * BLOCK));
        byte[] both = type3.read(READ_TWO.formatted(0x20), 2 * (BLOCK + 8)).data();
        both[BLOCK + 7] = 0x55;

        assertEquals(
                ScsiStatus.GOOD, type3.write(WRITE_TWO.formatted(0x20), both).status());
        assertArrayEquals(
                both, type3.read(READ_TWO.formatted(0x20), 2 * (BLOCK + 8)).data());
    }

    @Test
    void unmappedBlocksHaveNoInformation() {
        type1.write(WRITE_TWO.formatted(0), counting(2 * BLOCK));

        type1.send("93 09 00 00 00 00 00 00 00 05 00 00 00 02 00 00");

        assertEquals("ffffffffffffffff", kept(5));
        assertEquals(
                ScsiStatus.GOOD, type1.read(READ_TWO.formatted(0), 2 * BLOCK).status());
    }

    @Test
    void everyCommandThatWritesLeavesGoodInformation() {
        byte[] block = counting(BLOCK);
        type1.write("41 00 00 00 00 05 00 00 02 00", block);
        type1.write("8b 00 00 00 00 00 00 00 00 05 00 00 00 02 00 00", new byte[2 * BLOCK]);
        byte[] compared = Arrays.copyOf(block, 2 * BLOCK);
        assertEquals(
                ScsiStatus.GOOD,
                type1.write("89 00 00 00 00 00 00 00 00 05 00 00 00 01 00 00", compared)
                        .status());

        assertEquals(
                ScsiStatus.GOOD,
                type1.read(READ_TWO.formatted(0x20), 2 * (BLOCK + 8)).status());
    }

    @Test
    void formattingKeepsTheType() {
        assertEquals(ScsiStatus.CHECK_CONDITION, type1.send("04 00 00 00 00 00").status());
        assertEquals(ScsiStatus.GOOD, type1.send("04 80 00 00 00 00").status());
    }
}
