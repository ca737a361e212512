package vmm.scsi.block;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import vmm.block.BlockRequest.Operation;
import vmm.block.FakeDisk;
import vmm.linux.Errno;
import vmm.scsi.DiskIdentity;
import vmm.scsi.Initiator;
import vmm.scsi.LogicalUnitCounters;
import vmm.scsi.ScsiStatus;

class ReadWriteTest {
    private static final int SIZE = 1 << 20;
    private static final int BLOCKS = SIZE / 512;

    private final FakeDisk medium = new FakeDisk(SIZE);
    private final Initiator initiator = Initiator.of(Initiator.disk(medium));

    private byte[] content(long offset, long length) {
        return medium.content().asSlice(offset, length).toArray(JAVA_BYTE);
    }

    private static byte[] pattern(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    private void fill() {
        medium.content().copyFrom(MemorySegment.ofArray(pattern(SIZE)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "08 00 00 05 03 00",
                "28 00 00 00 00 05 00 00 03 00",
                "a8 00 00 00 00 05 00 00 00 03 00 00",
                "88 00 00 00 00 00 00 00 00 05 00 00 00 03 00 00"
            })
    void readsOfAllLengthsOfCdbReadTheSameBlocks(String cdb) {
        fill();

        Initiator.Result result = initiator.read(cdb, 3 * 512 + 100);

        assertEquals(ScsiStatus.GOOD, result.status());
        assertArrayEquals(content(5 * 512, 3 * 512), result.data());
        assertEquals(100, result.residual());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0a 00 00 05 03 00",
                "2a 00 00 00 00 05 00 00 03 00",
                "aa 00 00 00 00 05 00 00 00 03 00 00",
                "8a 00 00 00 00 00 00 00 00 05 00 00 00 03 00 00"
            })
    void writesOfAllLengthsOfCdbWriteTheSameBlocks(String cdb) {
        byte[] data = pattern(4 * 512);

        Initiator.Result result = initiator.write(cdb, data);

        assertEquals(ScsiStatus.GOOD, result.status());
        assertArrayEquals(Arrays.copyOf(data, 3 * 512), content(5 * 512, 3 * 512));
        assertArrayEquals(new byte[512], content(8 * 512, 512));
        assertEquals(512, result.residual());
        assertEquals(List.of(new FakeDisk.Asked(Operation.WRITE, 5 * 512, 3 * 512)), medium.asked());
    }

    @Test
    void ofTheShortCommandsALengthOfZeroMeans256Blocks() {
        // SBC-3, READ (6)
        fill();

        assertArrayEquals(
                content(0, 256 * 512),
                initiator.read("08 00 00 00 00 00", 256 * 512).data());
        assertEquals(
                ScsiStatus.GOOD,
                initiator.write("0a 00 00 00 00 00", pattern(256 * 512)).status());
        assertArrayEquals(pattern(256 * 512), content(0, 256 * 512));
    }

    @Test
    void theShortCommandsIgnoreTheOldLogicalUnitNumberInTheirAddress() {
        fill();

        assertArrayEquals(
                content(512, 512), initiator.read("08 e0 00 01 01 00", 512).data());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "28 00 00 00 00 00 00 00 00 00",
                "2a 00 00 00 00 00 00 00 00 00",
                "28 00 00 00 08 00 00 00 00 00",
                "88 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
                "aa 00 00 00 00 00 00 00 00 00 00 00"
            })
    void aLengthOfZeroMovesNothingAndIsNoError(String cdb) {
        assertEquals(ScsiStatus.GOOD, initiator.send(cdb).status());
        assertEquals(List.of(), medium.asked());
    }

    @ParameterizedTest
    @CsvSource({
        // the first address that is none (SBC-4, error reporting)
        "28 00 00 00 08 00 00 00 01 00,                        00000800",
        "28 00 00 00 07 ff 00 00 02 00,                        00000800",
        "28 00 ff ff ff ff 00 00 01 00,                        ffffffff",
        "2a 00 00 00 08 01 00 00 00 00,                        00000801",
        "a8 00 00 00 00 01 ff ff ff ff 00 00,                  00000800",
        "88 00 00 00 00 00 00 00 00 01 ff ff ff ff 00 00,      00000800",
        "35 00 00 00 08 01 00 00 00 00,                        00000801",
        "0a 1f ff ff 01 00,                                    001fffff",
    })
    void blocksBeyondTheLastOneAreOutOfRange(String cdb, String information) {
        Initiator.Result result = initiator.send(0, HexFormat.ofDelimiter(" ").parseHex(cdb), new byte[0], 0, 1);

        String lba = HexFormat.ofDelimiter(" ").formatHex(HexFormat.of().parseHex(information));
        assertEquals("f0 00 05 " + lba + " 0a 00 00 00 00 21 00 00 00 00 00", result.senseHex());
        assertEquals(List.of(), medium.asked());
    }

    @Test
    void anAddressThatDoesNotFitIntoTheInformationFieldLeavesItInvalid() {
        Initiator.Result result = initiator.read("88 00 80 00 00 00 00 00 00 00 00 00 00 01 00 00", 512);

        assertEquals("70 00 05 00 00 00 00 0a 00 00 00 00 21 00 00 00 00 00", result.senseHex());
    }

    @Test
    void theLastBlockIsThere() {
        fill();

        assertArrayEquals(
                content(SIZE - 512, 512),
                initiator.read("28 00 00 00 07 ff 00 00 01 00", 512).data());
        assertEquals(
                ScsiStatus.GOOD,
                initiator.write("2a 00 00 00 07 ff 00 00 01 00", new byte[512]).status());
    }

    @Test
    void buffersThatAreTooSmallMoveNothing() {
        fill();

        Initiator.Result read = initiator.read("28 00 00 00 00 00 00 00 02 00", 1023);
        Initiator.Result write = initiator.write("2a 00 00 00 00 00 00 00 02 00", new byte[1023]);

        assertTrue(read.overrun());
        assertEquals(1023, read.residual());
        assertTrue(write.overrun());
        assertEquals(1023, write.residual());
        assertEquals(List.of(), medium.asked());
        assertFalse(initiator.read("28 00 00 00 00 00 00 00 02 00", 1024).overrun());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "28 20 00 00 00 00 00 00 01 00",
                "2a e0 00 00 00 00 00 00 01 00",
                "aa 40 00 00 00 00 00 00 00 01 00 00"
            })
    void protectionInformationIsAnInvalidField(String cdb) {
        assertEquals(
                "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 cf 00 01",
                initiator.write(cdb, new byte[512]).senseHex());
    }

    @Test
    void aReadOnlyDiskIsWriteProtectedAndCanBeRead() {
        FakeDisk fixed = new FakeDisk(SIZE, true);
        Initiator readOnly = Initiator.of(Initiator.disk(fixed));

        assertEquals(
                "70 00 07 00 00 00 00 0a 00 00 00 00 27 00 00 00 00 00",
                readOnly.write("2a 00 00 00 00 00 00 00 01 00", new byte[512]).senseHex());
        assertEquals(
                ScsiStatus.GOOD,
                readOnly.read("28 08 00 00 00 00 00 00 01 00", 512).status());
        assertEquals(
                ScsiStatus.GOOD, readOnly.send("35 00 00 00 00 00 00 00 00 00").status());
        assertEquals(List.of(new FakeDisk.Asked(Operation.READ, 0, 512)), fixed.asked());
    }

    @Test
    void aWriteThatForcesUnitAccessIsFlushedBeforeItEnds() {
        medium.hold();
        Initiator.Task task = initiator.start(0, HexFormat.of().parseHex("2a080000000000000100"), pattern(512), 0, 1);

        assertEquals(1, medium.held());
        medium.releaseOne();
        assertFalse(task.ended());
        medium.releaseOne();
        assertTrue(task.ended());
        assertEquals(
                List.of(new FakeDisk.Asked(Operation.WRITE, 0, 512), new FakeDisk.Asked(Operation.FLUSH, 0, 0)),
                medium.asked());
    }

    @Test
    void aReadThatForcesUnitAccessFlushesFirst() {
        // SBC-4, FUA
        initiator.read("28 08 00 00 00 00 00 00 01 00", 512);

        assertEquals(
                List.of(new FakeDisk.Asked(Operation.FLUSH, 0, 0), new FakeDisk.Asked(Operation.READ, 0, 512)),
                medium.asked());
    }

    @Test
    void withoutAWriteCacheEachWriteIsFlushedAndReadsNeedNothing() {
        Initiator through = Initiator.of(new ScsiDisk(medium, DiskIdentity.DEFAULT, DiskGeometry.DEFAULT, false));

        through.write("0a 00 00 00 01 00", new byte[512]);
        through.read("28 08 00 00 00 00 00 00 01 00", 512);

        assertEquals(
                List.of(
                        new FakeDisk.Asked(Operation.WRITE, 0, 512),
                        new FakeDisk.Asked(Operation.FLUSH, 0, 0),
                        new FakeDisk.Asked(Operation.READ, 0, 512)),
                medium.asked());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "35 00 00 00 00 00 00 00 00 00",
                "35 02 00 00 00 05 00 00 05 00",
                "91 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
            })
    void synchronizeCacheFlushes(String cdb) {
        assertEquals(ScsiStatus.GOOD, initiator.send(cdb).status());
        assertEquals(List.of(new FakeDisk.Asked(Operation.FLUSH, 0, 0)), medium.asked());
    }

    @Test
    void aFailedReadIsAMediumErrorAtItsAddress() {
        medium.failAt(6 * 512, 512, Errno.EIO);

        Initiator.Result result = initiator.read("28 00 00 00 00 05 00 00 03 00", 3 * 512);

        assertEquals(ScsiStatus.CHECK_CONDITION, result.status());
        assertEquals("f0 00 03 00 00 00 05 0a 00 00 00 00 11 00 00 00 00 00", result.senseHex());
        assertEquals(3 * 512, result.residual());
    }

    @ParameterizedTest
    @CsvSource({
        // EIO, ENOSPC, EDQUOT, EROFS, EBADF
        "5,   f0 00 03 00 00 00 07 0a 00 00 00 00 0c 00 00 00 00 00",
        "28,  70 00 07 00 00 00 00 0a 00 00 00 00 27 07 00 00 00 00",
        "122, 70 00 07 00 00 00 00 0a 00 00 00 00 27 07 00 00 00 00",
        "30,  70 00 07 00 00 00 00 0a 00 00 00 00 27 00 00 00 00 00",
        "9,   70 00 04 00 00 00 00 0a 00 00 00 00 44 00 00 00 00 00",
        "125, 70 00 0b 00 00 00 00 0a 00 00 00 00 00 00 00 00 00 00",
    })
    void aFailedWriteIsToldByItsReason(int errno, String sense) {
        medium.failAt(7 * 512, 512, errno);

        Initiator.Result result = initiator.write("2a 00 00 00 00 07 00 00 01 00", new byte[512]);

        assertEquals(sense, result.senseHex());
        assertEquals(512, result.residual());
    }

    @Test
    void aHostShortOfMemoryIsBusy() {
        medium.failAt(0, 512, Errno.ENOMEM);

        Initiator.Result result = initiator.read("28 00 00 00 00 00 00 00 01 00", 512);

        assertEquals(ScsiStatus.BUSY, result.status());
        assertEquals("", result.senseHex());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"35 00 00 00 00 00 00 00 00 00", "2a 08 00 00 00 00 00 00 01 00", "28 08 00 00 00 00 00 00 01 00"
            })
    void aFailedFlushIsAWriteError(String cdb) {
        medium.failFlushes(Errno.EIO);
        boolean write = cdb.startsWith("2a");

        Initiator.Result result =
                initiator.send(0, cdb, write ? new byte[512] : new byte[0], cdb.startsWith("28") ? 512 : 0);

        assertEquals("70 00 03 00 00 00 00 0a 00 00 00 00 0c 00 00 00 00 00", result.senseHex());
    }

    @Test
    void anUnknownOperationCodeIsOne() {
        assertEquals(
                "70 00 05 00 00 00 00 0a 00 00 00 00 20 00 00 00 00 00",
                initiator.send("e0 00 00 00 00 00 00 00 00 00").senseHex());
    }

    @Test
    void aCdbThatEndsTooEarlyIsRefused() {
        assertEquals(
                "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 c0 00 06",
                initiator.read("28 00 00 00 00 00", 512).senseHex());
    }

    @Test
    void blocksOf4096BytesAreAddressedAsSuch() {
        fill();
        Initiator large = Initiator.of(new ScsiDisk(medium, DiskIdentity.DEFAULT, new DiskGeometry(4096, 4096), true));

        assertArrayEquals(
                content(3 * 4096, 2 * 4096),
                large.read("28 00 00 00 00 03 00 00 02 00", 8192).data());
        assertEquals(
                ScsiStatus.CHECK_CONDITION,
                large.read("28 00 00 00 01 00 00 00 01 00", 4096).status());
    }

    @Test
    void countersTellWhatWasDone() {
        ScsiDisk disk = Initiator.disk(medium);
        Initiator one = Initiator.of(disk);
        Initiator two = Initiator.of(disk);
        LogicalUnitCounters before = disk.counters();

        one.read("28 00 00 00 00 00 00 00 02 00", 1024);
        two.write("2a 00 00 00 00 00 00 00 01 00", new byte[512]);
        two.send("ff 00 00 00 00 00");

        assertEquals(before.plus(new LogicalUnitCounters(3, 1, 1, 1024, 1, 512, 0, 0)), disk.counters());
    }

    @Test
    void randomReadsAndWritesAgreeWithAModel() {
        byte[] model = new byte[SIZE];
        Random random = new Random(7);
        for (int i = 0; i < 3000; i++) {
            int count = 1 + random.nextInt(24);
            int lba = random.nextInt(BLOCKS - count + 1);
            boolean write = random.nextBoolean();
            byte[] cdb = randomCdb(random, write, lba, count);
            int length = count * 512;
            int pieces = 1 + random.nextInt(9);
            if (write) {
                byte[] data = new byte[length];
                random.nextBytes(data);
                Initiator.Result result = initiator.send(0, cdb, data, 0, pieces);
                assertEquals(ScsiStatus.GOOD, result.status());
                System.arraycopy(data, 0, model, lba * 512, length);
            } else {
                Initiator.Result result = initiator.send(0, cdb, new byte[0], length, pieces);
                assertArrayEquals(Arrays.copyOfRange(model, lba * 512, lba * 512 + length), result.data());
            }
        }
        assertArrayEquals(model, content(0, SIZE));
    }

    private static byte[] randomCdb(Random random, boolean write, int lba, int count) {
        int fua = random.nextInt(4) == 0 ? 8 : 0;
        String address = HexFormat.of().toHexDigits(lba);
        String length = HexFormat.of().toHexDigits(count);
        String flags = HexFormat.of().toHexDigits((byte) fua);
        String cdb = switch (random.nextInt(4)) {
            case 0 -> (write ? "0a" : "08") + address.substring(2) + length.substring(6) + "00";
            case 1 -> (write ? "2a" : "28") + flags + address + "00" + length.substring(4) + "00";
            case 2 -> (write ? "aa" : "a8") + flags + address + length + "0000";
            default -> (write ? "8a" : "88") + flags + "00000000" + address + length + "0000";
        };
        return HexFormat.of().parseHex(cdb);
    }
}
