package vmm.scsi.block;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import vmm.block.FakeDisk;
import vmm.scsi.CommandTable;
import vmm.scsi.Initiator;
import vmm.scsi.SupportedCommand;

/** REPORT SUPPORTED OPERATION CODES and REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS. */
class SupportedOperationCodesTest {
    private static final int ROOM = 4096;

    private final ScsiDisk disk = Initiator.disk(new FakeDisk(1 << 20));
    private final Initiator initiator = Initiator.of(disk);
    private final CommandTable<DiskNexus> table = DiskCommands.serverFor(disk).table();

    private Initiator.Result report(int options, int code, int action) {
        return initiator.read(
                "a3 0c %02x %02x %02x %02x 00 00 10 00 00 00".formatted(options, code, action >> 8, action & 0xff),
                ROOM);
    }

    @Test
    void eachCommandOfTheTableIsReportedOnce() {
        byte[] data = report(0, 0, 0).data();

        int at = 4;
        for (SupportedCommand<? super DiskNexus> command : table.commands()) {
            assertEquals(command.operationCode(), data[at] & 0xff, command.name());
            assertEquals(command.hasServiceAction() ? 1 : 0, data[at + 5], command.name());
            assertEquals(command.cdbLength(), data[at + 7], command.name());
            at += 8;
        }
        assertEquals(at, data.length);
        assertEquals(at - 4, (data[2] & 0xff) << 8 | (data[3] & 0xff));
    }

    @Test
    void withTimeoutsEachDescriptorIsTwelveBytesLonger() {
        byte[] data = report(0x80, 0, 0).data();

        assertEquals(4 + 20 * table.commands().size(), data.length);
        assertEquals(2, data[4 + 5] & 2);
        assertArrayEquals(new byte[] {0, 0x0a, 0, 0, 0, 0, 0, 1, 0, 0, 0, 10}, Arrays.copyOfRange(data, 12, 24));
    }

    @Test
    void oneCommandIsReportedWithItsUsageData() {
        assertEquals(
                "00 03 00 0a 28 f8 ff ff ff ff 00 ff ff 04",
                noFlags(report(1, 0x28, 0).hex()));
        assertEquals(
                "00 83 00 06 00 00 00 00 00 04 00 0a 00 00 00 00 00 01 00 00 00 0a",
                report(0x81, 0x00, 0).hex());
        assertEquals(
                "00 03 00 0c a3 0c 87 ff ff ff ff ff ff ff 00 04",
                report(2, 0xa3, 0x0c).hex());
        assertEquals("00 01 00 00", report(1, 0xfe, 0).hex());
        assertEquals("00 01 00 00", report(2, 0xa3, 0x1f).hex());
        assertEquals("00 01 00 00", report(3, 0x28, 1).hex());
        assertEquals("00 03", report(3, 0xa3, 0x0d).hex().substring(0, 5));
    }

    /** Leaves open which of the flags of READ (10) are looked at. */
    private static String noFlags(String hex) {
        return hex.substring(0, 15) + "f8" + hex.substring(17);
    }

    @Test
    void askingInTheWrongWayIsAnInvalidField() {
        String options = "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 ca 00 02";
        assertEquals(options, report(1, 0xa3, 0x0c).senseHex());
        assertEquals(options, report(2, 0x28, 0).senseHex());
        assertEquals(options, report(4, 0x28, 0).senseHex());
    }

    @Test
    void allTaskManagementFunctionsAreReported() {
        assertEquals(
                "fc 07 00 00",
                initiator.read("a3 0d 00 00 00 00 00 00 00 10 00 00", 16).hex());
        assertEquals(
                "fc 07 00 0c" + " 00".repeat(12),
                initiator.read("a3 0d 80 00 00 00 00 00 00 10 00 00", 16).hex());
    }
}
