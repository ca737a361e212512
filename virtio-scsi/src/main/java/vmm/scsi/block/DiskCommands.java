package vmm.scsi.block;

import java.util.List;
import vmm.scsi.CommandTable;
import vmm.scsi.DeviceServer;
import vmm.scsi.SupportedCommand;
import vmm.scsi.copy.ThirdPartyCopy;
import vmm.scsi.primary.PrimaryCommands;
import vmm.scsi.primary.ReservationCommands;

/** All that a disk can do. */
final class DiskCommands {
    private static final List<SupportedCommand<DiskNexus>> INQUIRY = List.of(PrimaryCommands.inquiry(DiskVpdPages.ALL));

    private static final List<SupportedCommand<DiskNexus>> LOG = PrimaryCommands.log(DiskLogPages.ALL);

    private static final List<SupportedCommand<DiskNexus>> RESERVATIONS =
            ReservationCommands.of(DiskNexus::reservations);

    private static final List<SupportedCommand<DiskNexus>> COPIES = ThirdPartyCopy.commands(DiskNexus::copies);

    /** All of them; the digits are the CDB usage data of REPORT SUPPORTED OPERATION CODES (SPC-5). */
    static final CommandTable<DiskNexus> TABLE =
            new CommandTable<>(PrimaryCommands.OF_UNITS, INQUIRY, LOG, RESERVATIONS, COPIES, BlockCommands.ALL);

    private static final DeviceServer<DiskNexus> FULL = new DeviceServer<>(TABLE);

    private static final DeviceServer<DiskNexus> THIN = new DeviceServer<>(new CommandTable<>(
            PrimaryCommands.OF_UNITS, INQUIRY, LOG, RESERVATIONS, COPIES, BlockCommands.ALL, BlockCommands.THIN));

    /** Who serves a disk: one that is thinly provisioned has more commands. */
    static DeviceServer<DiskNexus> serverFor(ScsiDisk disk) {
        return disk.isThin() ? THIN : FULL;
    }

    private DiskCommands() {}
}
