package vmm.virtio.scsi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import vmm.block.FakeDisk;
import vmm.scsi.DiskIdentity;
import vmm.scsi.ScsiBus;
import vmm.scsi.block.DiskGeometry;
import vmm.scsi.block.ScsiDisk;
import vmm.scsi.block.protection.ProtectedMedium;
import vmm.scsi.block.protection.ProtectionType;
import vmm.scsi.primary.PrimaryUnits;

/** Protection information beside the data of requests (T10_PI, virtio 1.3 5.6.6.1). */
class ProtectionTest {
    private static final int BLOCKS = 64;
    private static final int BLOCK = 512;

    private final FakeDisk data = new FakeDisk(BLOCKS * BLOCK);
    private final ScsiBus bus = new ScsiBus(PrimaryUnits.SHARED);
    private final Driver driver;

    ProtectionTest() {
        // Eight bytes for each block, of which 64 are a block.
        ProtectedMedium medium = new ProtectedMedium(data, new FakeDisk(BLOCKS * 8), ProtectionType.TYPE_1, BLOCK);
        bus.attach(0, 0, new ScsiDisk(medium, DiskIdentity.DEFAULT, DiskGeometry.DEFAULT, true));
        driver = new Driver(bus, HbaFeatures.ALWAYS | HbaFeatures.T10_PI);
        while (send("00 00 00 00 00 00", 0, new byte[0], 0, 0).status() == 2) {
            // Hears of the power on.
        }
    }

    @AfterEach
    void close() {
        driver.close();
    }

    private Driver.Request send(String cdb, int piOut, byte[] out, int piIn, int room) {
        byte[] block = HexFormat.ofDelimiter(" ").parseHex(cdb);
        byte[] header = ByteBuffer.allocate(27 + 32)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(Driver.lun(0, 0))
                .putLong(1)
                .put(new byte[3])
                .putInt(piOut)
                .putInt(piIn)
                .put(Arrays.copyOf(block, 32))
                .array();
        Driver.Request request = driver.offer(driver.requests, header, out, room);
        driver.run();
        return request;
    }

    /** Two blocks of zeros, whose guard is zero, behind their protection information as blocks from {@code lba} on. */
    private static byte[] zeros(int lba) {
        return ByteBuffer.allocate(2 * 8 + 2 * BLOCK)
                .putInt(0)
                .putInt(lba)
                .putInt(0)
                .putInt(lba + 1)
                .array();
    }

    @Test
    void theFeatureIsOfferedWhereALogicalUnitHasProtectionInformation() {
        assertTrue((driver.device.features() & HbaFeatures.T10_PI) != 0);
        assertEquals(Interleaving.MOST_BLOCKS, driver.device.readConfig(8, 4));
        ScsiBus plain = new ScsiBus(PrimaryUnits.SHARED);
        plain.attach(0, 0, new ScsiDisk(data, DiskIdentity.DEFAULT, DiskGeometry.DEFAULT, true));
        try (Driver other = new Driver(plain)) {
            assertEquals(0, other.device.features() & HbaFeatures.T10_PI);
        }
    }

    @Test
    void whatIsWrittenWithItsProtectionInformationIsReadWithIt() {
        Driver.Request write = send("2a 20 00 00 00 05 00 00 02 00", 16, zeros(5), 0, 0);
        assertEquals(Response.OK, write.code());
        assertEquals(0, write.status(), write::sense);
        assertEquals(0, write.residual());

        Driver.Request read = send("28 20 00 00 00 05 00 00 02 00", 0, new byte[0], 16, 16 + 2 * BLOCK);
        assertEquals(0, read.status(), read::sense);
        assertEquals(0, read.residual());
        assertEquals(Driver.FIXED + 16 + 2 * BLOCK, read.used);
        assertArrayEquals(zeros(5), read.data());
    }

    @Test
    void protectionInformationThatIsWrongIsRefused() {
        // The reference tags of blocks 6 and 7 for blocks 5 and 6: LOGICAL BLOCK REFERENCE TAG CHECK FAILED
        Driver.Request write = send("2a 20 00 00 00 05 00 00 02 00", 16, zeros(6), 0, 0);

        assertEquals(2, write.status());
        assertEquals("1003", write.sense().substring(24, 28));
    }

    @Test
    void whoHasNoRoomForItGetsTheDataAlone() {
        byte[] blocks = new byte[2 * BLOCK];
        Arrays.fill(blocks, (byte) 7);
        assertEquals(0, send("2a 20 00 00 00 09 00 00 02 00", 0, blocks, 0, 0).status());
        Driver.Request read = send("28 20 00 00 00 09 00 00 02 00", 0, new byte[0], 0, 2 * BLOCK);

        assertEquals(0, read.status(), read::sense);
        assertArrayEquals(blocks, read.data());
    }

    @Test
    void sizesThatDoNotFitTogetherFail() {
        String read = "28 20 00 00 00 05 00 00 02 00";
        assertEquals(
                Response.FAILURE, send(read, 0, new byte[0], 15, 16 + 2 * BLOCK).code());
        assertEquals(
                Response.FAILURE, send(read, 0, new byte[0], 24, 24 + 2 * BLOCK).code());
        assertEquals(Response.FAILURE, send(read, 0, new byte[0], 4096, 16).code());
        assertEquals(
                Response.FAILURE, send(read, 0, new byte[0], -8, 16 + 2 * BLOCK).code());
        // No protection information is asked for, but there is room for some.
        assertEquals(
                Response.FAILURE,
                send("28 00 00 00 00 05 00 00 02 00", 0, new byte[0], 16, 16 + 2 * BLOCK)
                        .code());
    }
}
