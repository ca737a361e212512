package vmm.scsi.block;

import java.util.List;
import vmm.scsi.CommandTable;
import vmm.scsi.DeviceServer;
import vmm.scsi.ReservationClass;
import vmm.scsi.SupportedCommand;
import vmm.scsi.primary.PrimaryCommands;
import vmm.scsi.primary.ReservationCommands;

/** All that a disk can do. */
final class DiskCommands {
    private static final ModeSense MODE_SENSE = new ModeSense();

    private static final List<SupportedCommand<? super DiskNexus>> PRIMARY = List.of(
            PrimaryCommands.TEST_UNIT_READY,
            PrimaryCommands.REQUEST_SENSE,
            PrimaryCommands.inquiry(DiskVpdPages.ALL),
            PrimaryCommands.REPORT_LUNS,
            SupportedCommand.of("MODE SENSE (6)", "1a 08 ff ff ff 04", MODE_SENSE)
                    .under(ReservationClass.READ),
            SupportedCommand.of("MODE SENSE (10)", "5a 18 ff ff 00 00 00 ff ff 04", MODE_SENSE)
                    .under(ReservationClass.READ));

    private static final List<SupportedCommand<DiskNexus>> RESERVATIONS =
            ReservationCommands.of(DiskNexus::reservations);

    /** All of them; the digits are the CDB usage data of REPORT SUPPORTED OPERATION CODES (SPC-5). */
    static final CommandTable<DiskNexus> TABLE = new CommandTable<>(PRIMARY, RESERVATIONS, BlockCommands.ALL);

    private static final DeviceServer<DiskNexus> FULL = new DeviceServer<>(TABLE);

    private static final DeviceServer<DiskNexus> THIN =
            new DeviceServer<>(new CommandTable<>(PRIMARY, RESERVATIONS, BlockCommands.ALL, BlockCommands.THIN));

    /** Who serves a disk: one that is thinly provisioned has more commands. */
    static DeviceServer<DiskNexus> serverFor(ScsiDisk disk) {
        return disk.isThin() ? THIN : FULL;
    }

    private DiskCommands() {}
}
