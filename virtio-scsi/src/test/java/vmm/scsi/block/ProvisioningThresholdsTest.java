package vmm.scsi.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import vmm.block.BlockDevice;
import vmm.block.BlockDevices;
import vmm.block.FakeDisk;
import vmm.block.StorageSpace;
import vmm.scsi.DiskIdentity;
import vmm.scsi.Initiator;
import vmm.scsi.ScsiStatus;

/** Initiators are told when the storage of a thinly provisioned disk runs short. */
class ProvisioningThresholdsTest {
    private static final long MIB = 1 << 20;
    private static final String HEADER = "00 00 00 00 00 00 00 00";
    private static final String REPORT = " 01 0a c0 00 00 00 00 80 00 00 00 00";
    private static final String OFF_AVAILABLE = " 00 01 00 00 00 00 00 00";
    private static final String OFF_USED = " 01 02 00 00 00 00 00 00";
    private static final String TEST_UNIT_READY = "00 00 00 00 00 00";

    private final FakeDisk medium = new FakeDisk(64 * MIB);

    private static ScsiDisk disk(BlockDevice medium) {
        return new ScsiDisk(medium, DiskIdentity.DEFAULT, DiskGeometry.DEFAULT, true);
    }

    /** A disk of which that many sets of a mebibyte are used and available. */
    private ScsiDisk disk(long used, long available) {
        say(used, available);
        return disk(medium);
    }

    private void say(long used, long available) {
        medium.takeUp(new StorageSpace(used * MIB, available * MIB));
    }

    private static void select(Initiator initiator, String pages) {
        byte[] list = HexFormat.ofDelimiter(" ").parseHex(HEADER + pages);
        Initiator.Result result = initiator.write("55 10 00 00 00 00 00 00 %02x 00".formatted(list.length), list);
        assertEquals(ScsiStatus.GOOD, result.status(), result.senseHex());
    }

    private static String page(String... descriptors) {
        return " 5c 02 00 2c 00" + " 00".repeat(11) + String.join("", descriptors);
    }

    private static String used(int sets) {
        return " 81 02 00 00 00 00 00 %02x".formatted(sets);
    }

    private static String available(int sets) {
        return " 80 01 00 00 00 00 00 %02x".formatted(sets);
    }

    private static String reached(int offset) {
        return "f0 00 06 00 00 00 %02x 0a 00 00 00 00 38 07 00 00 00 00".formatted(offset);
    }

    private static String answer(ScsiDisk disk, Initiator initiator) {
        Objects.requireNonNull(disk.thresholds()).lookAgain();
        return initiator.send(TEST_UNIT_READY).senseHex();
    }

    @Test
    void everyInitiatorIsToldOnceThatTooMuchIsUsed() {
        ScsiDisk disk = disk(1, 100);
        Initiator one = Initiator.of(disk);
        select(one, REPORT + page(OFF_AVAILABLE, OFF_AVAILABLE, used(10), OFF_USED));
        Initiator other = Initiator.of(disk);
        assertEquals("", answer(disk, one));

        say(10, 91);
        assertEquals("", answer(disk, one), "within the range");
        say(11, 90);
        assertEquals(reached(32), answer(disk, one));
        assertEquals(reached(32), answer(disk, other));

        say(12, 89);
        assertEquals("", answer(disk, one));
        assertEquals("", answer(disk, other));
    }

    @Test
    void aThresholdIsToldAgainAfterTheValueHasBeenBack() {
        ScsiDisk disk = disk(100, 8);
        Initiator initiator = Initiator.of(disk);
        select(initiator, REPORT + page(available(5), OFF_AVAILABLE, OFF_USED, OFF_USED));
        assertEquals("", answer(disk, initiator));

        say(100, 4);
        assertEquals(reached(16), answer(disk, initiator));
        say(100, 5);
        assertEquals("", answer(disk, initiator));
        say(100, 4);
        assertEquals("", answer(disk, initiator), "it has not left the range on the good side");
        say(100, 6);
        assertEquals("", answer(disk, initiator));
        say(100, 4);
        assertEquals(reached(16), answer(disk, initiator));
    }

    @Test
    void severalThresholdsAreToldOneAfterTheOther() {
        ScsiDisk disk = disk(50, 3);
        Initiator initiator = Initiator.of(disk);
        select(initiator, REPORT + page(available(20), available(10), used(40), OFF_USED));

        assertEquals(reached(16), answer(disk, initiator));
        assertEquals(reached(24), answer(disk, initiator));
        assertEquals(
                "72 06 38 07 00 00 00 0c 00 0a 80 00 00 00 00 00 00 00 00 20",
                initiator.read("03 01 00 00 fc 00", 252).hex());
        assertEquals("", answer(disk, initiator));
    }

    @Test
    void withSituaOnlyTheInitiatorIsToldThatFindsIt() {
        ScsiDisk disk = disk(1, 100);
        Initiator one = Initiator.of(disk);
        Initiator other = Initiator.of(disk);
        String single = page(OFF_AVAILABLE, OFF_AVAILABLE, used(40), OFF_USED).replace("2c 00", "2c 01");
        select(one, REPORT + single);
        other.settle(0);
        say(50, 3);

        // INQUIRY tells no unit attentions, so it is not the one that finds it.
        Objects.requireNonNull(disk.thresholds()).lookAgain();
        other.read("12 00 00 00 24 00", 36);
        assertEquals(reached(32), answer(disk, one));
        assertEquals("", answer(disk, other));
    }

    @Test
    void nobodyIsToldWithoutLbpere() {
        ScsiDisk disk = disk(50, 3);
        Initiator initiator = Initiator.of(disk);
        select(initiator, page(available(20), available(10), used(40), OFF_USED));

        assertEquals("", answer(disk, initiator));
    }

    @Test
    void aResetForgetsTheThresholds() {
        ScsiDisk disk = disk(50, 3);
        Initiator initiator = Initiator.of(disk);
        select(initiator, REPORT + page(available(20), OFF_AVAILABLE, OFF_USED, OFF_USED));
        disk.reset();
        initiator.settle(0);

        assertEquals("", answer(disk, initiator));
    }

    @Test
    void onlyWhatHasAMeaningCanBeSet() {
        Initiator initiator = Initiator.of(disk(1, 100));
        byte[] list = HexFormat.ofDelimiter(" ")
                .parseHex(HEADER + page(" 81 01 00 00 00 00 00 05", OFF_AVAILABLE, OFF_USED, OFF_USED));

        // Available resources that increase: THRESHOLD ARMING, bits 2 to 0 of byte 16 of the page
        assertEquals(
                "70 00 05 00 00 00 00 0a 00 00 00 00 26 00 00 88 00 18",
                initiator.write("55 10 00 00 00 00 00 00 38 00", list).senseHex());
    }

    @Test
    void theLogPageCountsInThresholdSets() {
        Initiator initiator = Initiator.of(disk(7, 300));

        assertEquals("0b", initiator.read("12 01 b2 00 ff 00", 255).hex().substring(12, 14));
        assertEquals(
                "8c 00 00 18 00 01 03 08 00 00 01 2c 02 00 00 00 00 02 03 08 00 00 00 07 01 00 00 00",
                initiator.read("4d 00 4c 00 00 00 00 10 00 00", 4096).hex());
    }

    @Test
    void aDiskThatCannotTellHasNoThresholds() {
        ScsiDisk disk = disk(medium);
        Initiator initiator = Initiator.of(disk);

        assertNull(disk.thresholds());
        assertEquals("00", initiator.read("12 01 b2 00 ff 00", 255).hex().substring(12, 14));
        assertEquals(
                "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 cd 00 02",
                initiator.read("4d 00 4c 00 00 00 00 10 00 00", 4096).senseHex());
        assertEquals(
                "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 c0 00 03",
                initiator.read("5a 08 1c 02 00 00 00 00 ff 00", 255).senseHex());
    }

    @Test
    void whatIsWrittenToAFileReachesAThreshold() throws Exception {
        Path memory = Path.of("/dev/shm");
        assumeTrue(Files.isWritable(memory), "/dev/shm is not there");
        Path file = Files.createTempFile(memory, "vmm-test", ".img");
        try (RandomAccessFile image = new RandomAccessFile(file.toFile(), "rw")) {
            image.setLength(64 * MIB);
            try (BlockDevice raw = BlockDevices.open(file.toString(), false)) {
                ScsiDisk disk = disk(raw);
                Initiator initiator = Initiator.of(disk);
                select(initiator, REPORT + page(OFF_AVAILABLE, OFF_AVAILABLE, used(2), OFF_USED));
                assertEquals("", answer(disk, initiator));

                // WRITE SAME (10) of 6144 blocks: three mebibytes
                assertEquals(
                        "",
                        initiator
                                .write("41 00 00 00 00 00 00 18 00 00", filled())
                                .senseHex());
                assertEquals(reached(32), answer(disk, initiator));
            }
        } finally {
            Files.delete(file);
        }
    }

    private static byte[] filled() {
        byte[] block = new byte[512];
        block[0] = 1;
        return block;
    }
}
