package vmm.scsi.block;

import java.util.List;
import vmm.scsi.CommandTable;
import vmm.scsi.DeviceServer;
import vmm.scsi.SupportedCommand;
import vmm.scsi.primary.PrimaryCommands;

/** All that a disk can do. */
final class DiskCommands {
    private static final ModeSense MODE_SENSE = new ModeSense();

    private static final List<SupportedCommand<? super DiskNexus>> PRIMARY = List.of(
            PrimaryCommands.TEST_UNIT_READY,
            PrimaryCommands.REQUEST_SENSE,
            PrimaryCommands.inquiry(DiskVpdPages.ALL),
            PrimaryCommands.REPORT_LUNS,
            SupportedCommand.of("MODE SENSE (6)", "1a 08 ff ff ff 04", MODE_SENSE),
            SupportedCommand.of("MODE SENSE (10)", "5a 18 ff ff 00 00 00 ff ff 04", MODE_SENSE));

    /** All of them; the digits are the CDB usage data of REPORT SUPPORTED OPERATION CODES (SPC-5). */
    static final CommandTable<DiskNexus> TABLE = new CommandTable<>(PRIMARY, BlockCommands.ALL);

    private static final DeviceServer<DiskNexus> FULL = new DeviceServer<>(TABLE);

    private static final DeviceServer<DiskNexus> THIN =
            new DeviceServer<>(new CommandTable<>(PRIMARY, BlockCommands.ALL, BlockCommands.THIN));

    /** Who serves a disk: one that is thinly provisioned has more commands. */
    static DeviceServer<DiskNexus> serverFor(ScsiDisk disk) {
        return disk.isThin() ? THIN : FULL;
    }

    private DiskCommands() {}
}
