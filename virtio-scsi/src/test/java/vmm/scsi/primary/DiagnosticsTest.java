package vmm.scsi.primary;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.api.Test;
import vmm.block.FakeDisk;
import vmm.scsi.Initiator;
import vmm.scsi.ScsiStatus;
import vmm.scsi.block.ScsiDisk;

/** SEND DIAGNOSTIC, RECEIVE DIAGNOSTIC RESULTS, READ BUFFER and WRITE BUFFER. */
class DiagnosticsTest {
    private static final String INVALID = "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 ";

    private final ScsiDisk disk = Initiator.disk(new FakeDisk(1 << 20));
    private final Initiator initiator = Initiator.of(disk);

    private static byte[] data(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    @Test
    void theDefaultSelfTestIsPassed() {
        assertEquals(ScsiStatus.GOOD, initiator.send("1d 04 00 00 00 00").status());
    }

    @Test
    void theListOfPagesIsThePageThereIs() {
        assertEquals(
                ScsiStatus.GOOD,
                initiator.write("1d 10 00 00 04 00", new byte[4]).status());
        assertEquals("00 00 00 01 00", initiator.read("1c 01 00 00 ff 00", 255).hex());
        assertEquals("00 00 00 01 00", initiator.read("1c 00 00 00 ff 00", 255).hex());
    }

    @Test
    void otherTestsAndPagesAreRefused() {
        assertEquals(INVALID + "cf 00 01", initiator.send("1d 20 00 00 00 00").senseHex());
        assertEquals(
                INVALID + "c0 00 02", initiator.read("1c 01 40 00 ff 00", 255).senseHex());
        assertEquals(
                "70 00 05 00 00 00 00 0a 00 00 00 00 26 00 00 80 00 00",
                initiator.write("1d 10 00 00 04 00", new byte[] {0x40, 0, 0, 0}).senseHex());
    }

    @Test
    void bufferZeroIsSharedAndWrittenInParts() {
        Initiator other = Initiator.of(disk);
        assertEquals(
                "00 00 10 00",
                initiator.read("3c 03 00 00 00 00 00 00 04 00", 4).hex());
        byte[] part = data(100);

        initiator.write("3b 02 00 00 0f 00 00 00 64 00", part);

        assertArrayEquals(part, other.read("3c 02 00 00 0f 00 00 00 64 00", 100).data());
        assertEquals(256, other.read("3c 02 00 00 0f 00 00 10 00 00", 4096).data().length);
        assertEquals(
                INVALID + "c0 00 06",
                initiator.write("3b 02 00 00 0f ff 00 00 64 00", part).senseHex());
        assertEquals(
                INVALID + "c0 00 03",
                initiator.read("3c 02 00 00 10 01 00 00 04 00", 4).senseHex());
        assertEquals(
                INVALID + "c0 00 02",
                initiator.read("3c 02 01 00 00 00 00 00 04 00", 4).senseHex());
    }

    @Test
    void theEchoBufferIsEachInitiatorsOwn() {
        Initiator other = Initiator.of(disk);
        byte[] echo = data(64);
        initiator.write("3b 0a 00 00 00 00 00 00 40 00", echo);

        assertArrayEquals(
                echo, initiator.read("3c 0a 00 00 00 00 00 00 40 00", 64).data());
        assertEquals(
                "70 00 05 00 00 00 00 0a 00 00 00 00 2c 00 00 00 00 00",
                other.read("3c 0a 00 00 00 00 00 00 40 00", 64).senseHex());
        assertEquals(
                "00 00 10 00",
                initiator.read("3c 0b 00 00 00 00 00 00 04 00", 4).hex());
        assertEquals(
                INVALID + "cc 00 01",
                initiator.read("3c 05 00 00 00 00 00 00 04 00", 4).senseHex());
    }
}
