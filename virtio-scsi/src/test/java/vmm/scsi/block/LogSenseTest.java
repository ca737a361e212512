package vmm.scsi.block;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import vmm.block.FakeDisk;
import vmm.linux.Errno;
import vmm.scsi.BigEndian;
import vmm.scsi.Initiator;
import vmm.scsi.ScsiStatus;

/** What a disk has counted. */
class LogSenseTest {
    private static final String INVALID = "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 ";

    private final FakeDisk medium = new FakeDisk(1 << 20);
    private final ScsiDisk disk = Initiator.disk(medium);
    private final Initiator initiator = Initiator.of(disk);

    private Initiator.Result log(int page, int subpage, int pointer) {
        return initiator.read("4d 00 %02x %02x 00 00 %02x 10 00 00".formatted(page | 0x40, subpage, pointer), 4096);
    }

    @Test
    void thePagesThatAreListedAreThePagesThatThereAre() {
        assertEquals("00 00 00 0a 00 02 03 05 06 0d 0e 15 19 2f", log(0, 0, 0).hex());
        byte[] both = log(0, 0xff, 0).data();
        assertEquals(0x40, both[0]);

        for (int at = 4; at < both.length; at += 2) {
            byte[] page = log(both[at], both[at + 1] & 0xff, 0).data();
            assertEquals(both[at], page[0] & 0x3f);
            assertEquals(page.length - 4, BigEndian.get16(page, 2));
        }
    }

    @Test
    void readsAndTheirErrorsAreCounted() {
        initiator.read("28 00 00 00 00 00 00 00 02 00", 1024);
        medium.failAt(0, 512, Errno.EIO);
        initiator.read("28 00 00 00 00 00 00 00 01 00", 512);
        initiator.write("2a 00 00 00 00 00 00 00 01 00", new byte[512]);

        byte[] reads = log(3, 0, 5).data();
        assertEquals(1024, BigEndian.get64(reads, 8));
        assertEquals(1, BigEndian.get64(reads, 20));
        byte[] writes = log(2, 0, 6).data();
        assertEquals(1, BigEndian.get64(writes, 8));
        byte[] statistics = log(0x19, 0, 0).data();
        assertEquals(1, BigEndian.get64(statistics, 8));
        assertEquals(2, BigEndian.get64(statistics, 8 + 24));
    }

    @Test
    void logSelectLetsThePagesThatItNamesCountFromZero() {
        Initiator other = Initiator.of(disk);
        initiator.read("28 00 00 00 00 00 00 00 02 00", 1024);
        initiator.write("2a 00 00 00 00 00 00 00 01 00", new byte[512]);

        assertEquals(
                ScsiStatus.GOOD, initiator.send("4c 02 43 00 00 00 00 00 00 00").status());

        assertEquals(0, BigEndian.get64(log(3, 0, 5).data(), 8));
        assertEquals(512, BigEndian.get64(log(2, 0, 5).data(), 8));
        assertEquals(
                "70 00 06 00 00 00 00 0a 00 00 00 00 2a 02 00 00 00 00",
                other.send("00 00 00 00 00 00").senseHex());
        initiator.read("28 00 00 00 00 00 00 00 01 00", 512);
        assertEquals(512, BigEndian.get64(log(3, 0, 5).data(), 8));

        assertEquals(
                ScsiStatus.GOOD, initiator.send("4c 00 c0 00 00 00 00 00 00 00").status());
        assertEquals(0, BigEndian.get64(log(2, 0, 5).data(), 8));
        assertEquals(0, BigEndian.get64(log(0x19, 0, 0).data(), 8));
    }

    @Test
    void logSelectSavesNothingAndSetsNothing() {
        assertEquals(
                ScsiStatus.GOOD, initiator.send("4c 00 40 00 00 00 00 00 00 00").status());
        assertEquals(
                INVALID + "c8 00 01",
                initiator.send("4c 01 40 00 00 00 00 00 00 00").senseHex());
        assertEquals(
                INVALID + "cd 00 02",
                initiator.send("4c 02 7e 00 00 00 00 00 00 00").senseHex());
        assertEquals(
                INVALID + "c9 00 01",
                initiator.write("4c 02 40 00 00 00 00 00 04 00", new byte[4]).senseHex());
        assertEquals(
                INVALID + "cd 00 02",
                initiator.write("4c 00 42 00 00 00 00 00 04 00", new byte[4]).senseHex());
        byte[] value = {2, 0, 0, 8, 0, 5, 0, 4, 0, 0, 0, 1};
        assertEquals(
                "70 00 05 00 00 00 00 0a 00 00 00 00 26 00 00 80 00 04",
                initiator.write("4c 00 40 00 00 00 00 00 0c 00", value).senseHex());
        byte[] page = {2, 0, 0, 0};
        assertEquals(
                ScsiStatus.GOOD,
                initiator.write("4c 00 40 00 00 00 00 00 04 00", page).status());
    }

    @Test
    void stopsAreCounted() {
        initiator.send("1b 00 00 00 00 00");
        initiator.send("1b 00 00 00 01 00");

        assertEquals(
                "8e 00 00 10 00 04 03 04 00 00 00 01 00 06 03 04 00 00 00 00",
                log(0x0e, 0, 0).hex());
    }

    @Test
    void whatIsNotThereIsPointedAt() {
        assertEquals(INVALID + "cd 00 02", log(0x3e, 0, 0).senseHex());
        assertEquals(INVALID + "c0 00 03", log(2, 1, 0).senseHex());
        assertEquals(INVALID + "c0 00 05", log(2, 0, 7).senseHex());
        assertEquals(
                INVALID + "c8 00 01",
                initiator.read("4d 01 40 00 00 00 00 10 00 00", 4096).senseHex());
        assertEquals(
                INVALID + "cf 00 02",
                initiator.read("4d 00 00 00 00 00 00 10 00 00", 4096).senseHex());
    }

    @Test
    void theAllocationLengthCutsThePage() {
        Initiator.Result cut = initiator.read("4d 00 42 00 00 00 00 00 08 00", 8);

        assertEquals(ScsiStatus.GOOD, cut.status());
        assertEquals(8, cut.data().length);
    }
}
