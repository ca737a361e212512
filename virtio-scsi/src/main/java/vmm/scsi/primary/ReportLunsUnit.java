package vmm.scsi.primary;

import java.util.List;
import java.util.Set;
import vmm.scsi.CommandSet;
import vmm.scsi.CommandTable;
import vmm.scsi.DeviceServer;
import vmm.scsi.DiskIdentity;
import vmm.scsi.ItNexus;
import vmm.scsi.ItlNexus;
import vmm.scsi.LogicalUnit;
import vmm.scsi.ScsiTask;
import vmm.scsi.Standard;

/** The REPORT LUNS well known logical unit (SPC-5 8.2): a target's list of what it has, and nothing else. */
final class ReportLunsUnit extends LogicalUnit {
    private static final int WELL_KNOWN_LOGICAL_UNIT = 0x1e;

    private static final CommandTable<ItlNexus> COMMANDS = new CommandTable<>(new CommandSet<ItlNexus>(
            Standard.SPC_5,
            List.of(
                    PrimaryCommands.TEST_UNIT_READY,
                    PrimaryCommands.REQUEST_SENSE,
                    PrimaryCommands.inquiry(List.of()),
                    PrimaryCommands.REPORT_LUNS)));

    private static final DeviceServer<ItlNexus> SERVER = new DeviceServer<>(COMMANDS);

    @Override
    public int deviceType() {
        return WELL_KNOWN_LOGICAL_UNIT;
    }

    @Override
    public boolean removable() {
        return false;
    }

    @Override
    public DiskIdentity identity() {
        return DiskIdentity.DEFAULT;
    }

    @Override
    public Set<Standard> standards() {
        return COMMANDS.standards();
    }

    @Override
    protected ItlNexus open(ItNexus initiator) {
        return new ItlNexus(initiator, this) {
            @Override
            protected void execute(ScsiTask task) {
                SERVER.execute(this, task);
            }
        };
    }

    @Override
    protected void restore() {
        // There is nothing that a reset could change.
    }
}
