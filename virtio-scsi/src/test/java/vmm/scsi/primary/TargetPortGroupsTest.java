package vmm.scsi.primary;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import vmm.block.FakeDisk;
import vmm.scsi.Initiator;
import vmm.scsi.ScsiTarget;
import vmm.scsi.block.ScsiDisk;

class TargetPortGroupsTest {
    private final ScsiDisk disk = Initiator.disk(new FakeDisk(1 << 20));
    private final Initiator initiator = Initiator.of(disk);

    @Test
    void allPortsThatLeadToADiskAreOneGroup() {
        assertEquals(
                "00 00 00 0c 00 01 00 01 00 00 00 01 00 00 00 01",
                initiator.read("a3 0a 00 00 00 00 00 00 01 00 00 00", 256).hex());

        new ScsiTarget(PrimaryUnits.SHARED, 7).attach(3, disk);

        assertEquals(
                "00 00 00 10 00 01 00 01 00 00 00 02 00 00 00 01 00 00 00 07",
                initiator.read("a3 0a 00 00 00 00 00 00 01 00 00 00", 256).hex());
    }

    @Test
    void theExtendedHeaderIsFourBytesMore() {
        assertEquals(
                "00 00 00 10 10 00 00 00 00 01 00 01 00 00 00 01 00 00 00 01",
                initiator.read("a3 2a 00 00 00 00 00 00 01 00 00 00", 256).hex());
        assertEquals(
                "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 cf 00 01",
                initiator.read("a3 4a 00 00 00 00 00 00 01 00 00 00", 256).senseHex());
    }
}
