package vmm.scsi.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import vmm.block.BlockRequest.Operation;
import vmm.block.FakeDisk;
import vmm.linux.Errno;
import vmm.scsi.DiskIdentity;
import vmm.scsi.Initiator;
import vmm.scsi.ScsiStatus;

/** What a disk says of its capacity and its modes, and being started and stopped. */
class DiskStateTest {
    private static final String NOT_READY = "70 00 02 00 00 00 00 0a 00 00 00 00 04 02 00 00 00 00";
    private static final String SAVING_NOT_SUPPORTED = "70 00 05 00 00 00 00 0a 00 00 00 00 39 00 00 00 00 00";

    private static final String ERROR_RECOVERY = " 01 0a c0 00 00 00 00 00 00 00 00 00";
    private static final String CACHING = " 08 12 04 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00";
    private static final String CONTROL = " 0a 0a 22 10 00 00 00 00 ff ff 00 00";
    private static final String POWER = " 1a 26" + " 00".repeat(38);
    private static final String EXCEPTIONS = " 1c 0a 08 00 00 00 00 00 00 00 00 00";

    private final FakeDisk medium = new FakeDisk(1 << 20);
    private final Initiator initiator = Initiator.of(Initiator.disk(medium));

    private static Initiator large(long size, DiskGeometry geometry) {
        return Initiator.of(new ScsiDisk(new HugeDisk(size), DiskIdentity.DEFAULT, geometry, true));
    }

    @Test
    void capacityIsTheLastBlockAndTheBlockLength() {
        medium.discardIn(0);
        assertEquals(
                "00 00 07 ff 00 00 02 00",
                initiator.read("25 00 00 00 00 00 00 00 00 00", 8).hex());
        assertEquals(
                "00 00 00 00 00 00 07 ff 00 00 02 00" + " 00".repeat(20),
                initiator
                        .read("9e 10 00 00 00 00 00 00 00 00 00 00 00 20 00 00", 32)
                        .hex());
    }

    @Test
    void capacityKnowsLargeBlocksAndPhysicalOnes() {
        Initiator big = large(1L << 40, new DiskGeometry(4096, 16384));

        assertEquals(
                "0f ff ff ff 00 00 10 00",
                big.read("25 00 00 00 00 00 00 00 00 00", 8).hex());
        assertEquals(
                "00 00 00 00 0f ff ff ff 00 00 10 00 00 02" + " 00".repeat(18),
                big.read("9e 10 00 00 00 00 00 00 00 00 00 00 00 20 00 00", 32).hex());
    }

    @Test
    void aCapacityBeyond32BitsSendsTheInitiatorToTheLongCommand() {
        // SBC-4 5.20
        Initiator big = large(4L << 40, DiskGeometry.DEFAULT);

        assertEquals(
                "ff ff ff ff 00 00 02 00",
                big.read("25 00 00 00 00 00 00 00 00 00", 8).hex());
        assertEquals(
                "00 00 00 01 ff ff ff ff 00 00 02 00",
                big.read("9e 10 00 00 00 00 00 00 00 00 00 00 00 0c 00 00", 12).hex());
    }

    @Test
    void anAddressWithoutPmiIsAnInvalidField() {
        assertEquals(
                "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 c0 00 02",
                initiator.read("25 00 00 00 00 01 00 00 00 00", 8).senseHex());
        assertEquals(
                ScsiStatus.GOOD,
                initiator.read("25 00 00 00 00 01 00 00 01 00", 8).status());
    }

    @Test
    void anotherServiceActionOfAKnownOperationCodeIsAnInvalidField() {
        assertEquals(
                "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 cc 00 01",
                initiator
                        .read("9e 11 00 00 00 00 00 00 00 00 00 00 00 20 00 00", 32)
                        .senseHex());
    }

    @Test
    void aRestThatIsNoWholeBlockIsLeftOut() {
        Initiator odd = large(4096 * 3 + 512, new DiskGeometry(4096, 4096));

        assertEquals(
                "00 00 00 02 00 00 10 00",
                odd.read("25 00 00 00 00 00 00 00 00 00", 8).hex());
    }

    @Test
    void aDiskSmallerThanABlockIsRefused() {
        assertThrows(
                IllegalArgumentException.class,
                () -> new ScsiDisk(new FakeDisk(512), DiskIdentity.DEFAULT, new DiskGeometry(4096, 4096), true));
    }

    @Test
    void modeSenseGivesAllPagesBehindHeaderAndBlockDescriptor() {
        // SPC-5 7.5.6: 107 bytes follow, DPOFUA, one descriptor of 8; 2048 blocks of 512 bytes
        assertEquals(
                "6b 00 10 08 00 00 08 00 00 00 02 00" + ERROR_RECOVERY + CACHING + CONTROL + POWER + EXCEPTIONS,
                initiator.read("1a 00 3f 00 ff 00", 255).hex());
    }

    @Test
    void theLongModeSenseHasTheLongHeader() {
        assertEquals(
                "00 6e 00 10 00 00 00 08 00 00 08 00 00 00 02 00" + ERROR_RECOVERY + CACHING + CONTROL + POWER
                        + EXCEPTIONS,
                initiator.read("5a 00 3f 00 00 00 00 01 00 00", 256).hex());
        // LLBAA: a descriptor of 16 bytes
        assertEquals(
                "00 2a 00 10 01 00 00 10 00 00 00 00 00 00 08 00 00 00 00 00 00 00 02 00" + CACHING,
                initiator.read("5a 10 08 00 00 00 00 01 00 00", 256).hex());
    }

    @Test
    void dbdLeavesTheBlockDescriptorOut() {
        assertEquals(
                "17 00 10 00" + CACHING,
                initiator.read("1a 08 08 00 ff 00", 255).hex());
        assertEquals(
                "00 1a 00 10 00 00 00 00" + CACHING,
                initiator.read("5a 08 08 00 00 00 00 01 00 00", 256).hex());
    }

    @Test
    void theWriteCacheIsChangeableAndDefaultsAreWhatIsCurrent() {
        assertEquals(
                "17 00 10 00 08 12 04" + " 00".repeat(17),
                initiator.read("1a 08 48 00 ff 00", 255).hex());
        assertEquals(
                "17 00 10 00" + CACHING,
                initiator.read("1a 08 88 00 ff 00", 255).hex());
    }

    @Test
    void savedValuesDoNotExist() {
        assertEquals(
                SAVING_NOT_SUPPORTED, initiator.read("1a 08 c8 00 ff 00", 255).senseHex());
    }

    @Test
    void unknownPagesAndSubpagesAreInvalidFields() {
        assertEquals(
                "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 cd 00 02",
                initiator.read("1a 08 02 00 ff 00", 255).senseHex());
        assertEquals(
                "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 c0 00 03",
                initiator.read("1a 08 08 01 ff 00", 255).senseHex());
        assertEquals(
                "17 00 10 00" + CACHING,
                initiator.read("1a 08 08 ff ff 00", 255).hex());
    }

    @Test
    void aReadOnlyDiskSaysThatItIsWriteProtected() {
        Initiator readOnly = Initiator.of(Initiator.disk(new FakeDisk(1 << 20, true)));

        assertEquals(
                "17 00 90 00" + CACHING, readOnly.read("1a 08 08 00 ff 00", 255).hex());
    }

    @Test
    void aDiskWithoutWriteCacheSaysSo() {
        Initiator through = Initiator.of(new ScsiDisk(medium, DiskIdentity.DEFAULT, DiskGeometry.DEFAULT, false));

        assertEquals(
                "17 00 10 00 08 12" + " 00".repeat(18),
                through.read("1a 08 08 00 ff 00", 255).hex());
    }

    @Test
    void aStoppedDiskIsFlushedAndNotReadyUntilItIsStarted() {
        assertEquals(ScsiStatus.GOOD, initiator.send("1b 00 00 00 00 00").status());
        assertEquals(List.of(new FakeDisk.Asked(Operation.FLUSH, 0, 0)), medium.asked());

        assertEquals(NOT_READY, initiator.send("00 00 00 00 00 00").senseHex());
        assertEquals(
                NOT_READY, initiator.read("28 00 00 00 00 00 00 00 01 00", 512).senseHex());
        assertEquals(NOT_READY, initiator.read("03 00 00 00 12 00", 18).hex());
        assertEquals(ScsiStatus.GOOD, initiator.read("12 00 00 00 24 00", 36).status());

        assertEquals(ScsiStatus.GOOD, initiator.send("1b 00 00 00 01 00").status());
        assertEquals(ScsiStatus.GOOD, initiator.send("00 00 00 00 00 00").status());
    }

    @Test
    void aDiskThatCannotBeFlushedIsNotStopped() {
        medium.failFlushes(Errno.EIO);

        assertEquals(
                "70 00 03 00 00 00 00 0a 00 00 00 00 0c 00 00 00 00 00",
                initiator.send("1b 00 00 00 00 00").senseHex());
        assertEquals(ScsiStatus.GOOD, initiator.send("00 00 00 00 00 00").status());
    }
}
