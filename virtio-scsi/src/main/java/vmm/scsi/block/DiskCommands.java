package vmm.scsi.block;

import java.util.List;
import vmm.scsi.CommandSet;
import vmm.scsi.CommandTable;
import vmm.scsi.DeviceServer;
import vmm.scsi.Standard;
import vmm.scsi.copy.ThirdPartyCopy;
import vmm.scsi.primary.PrimaryCommands;
import vmm.scsi.primary.ReservationCommands;

/** All that a disk can do. */
final class DiskCommands {
    private static final CommandSet<DiskNexus> INQUIRY =
            new CommandSet<>(Standard.SPC_5, List.of(PrimaryCommands.inquiry(DiskVpdPages.ALL)));

    private static final CommandSet<DiskNexus> LOG =
            new CommandSet<>(Standard.SPC_5, List.copyOf(PrimaryCommands.log(DiskLogPages.ALL)));

    private static final CommandSet<DiskNexus> UNIT_RESERVATIONS = ReservationCommands.ofUnits(DiskNexus::reservations);

    private static final CommandSet<DiskNexus> RESERVATIONS = ReservationCommands.persistent(DiskNexus::reservations);

    private static final CommandSet<DiskNexus> COPIES =
            new CommandSet<>(Standard.SPC_5, List.copyOf(ThirdPartyCopy.commands(DiskNexus::copies)));

    /** All of them; the digits are the CDB usage data of REPORT SUPPORTED OPERATION CODES (SPC-5). */
    static final CommandTable<DiskNexus> TABLE = new CommandTable<>(
            PrimaryCommands.OF_UNITS,
            INQUIRY,
            LOG,
            UNIT_RESERVATIONS,
            RESERVATIONS,
            COPIES,
            BlockCommands.OF_SIX_BYTES,
            BlockCommands.ALL);

    private static final DeviceServer<DiskNexus> FULL = new DeviceServer<>(TABLE);

    private static final DeviceServer<DiskNexus> THIN = new DeviceServer<>(TABLE.with(BlockCommands.THIN));

    /** Who serves a disk: one that is thinly provisioned has more commands. */
    static DeviceServer<DiskNexus> serverFor(ScsiDisk disk) {
        return disk.isThin() ? THIN : FULL;
    }

    private DiskCommands() {}
}
