package vmm.scsi.primary;

import java.util.List;
import vmm.scsi.CommandTable;
import vmm.scsi.DeviceServer;
import vmm.scsi.DiskIdentity;
import vmm.scsi.ItNexus;
import vmm.scsi.ItlNexus;
import vmm.scsi.LogicalUnit;
import vmm.scsi.ScsiTask;

/** The REPORT LUNS well known logical unit (SPC-5 8.2): a target's list of what it has, and nothing else. */
final class ReportLunsUnit extends LogicalUnit {
    private static final int WELL_KNOWN_LOGICAL_UNIT = 0x1e;

    /** SAM-5 and SPC-5, neither of them in a certain revision. */
    private static final int[] VERSION_DESCRIPTORS = {0x00a0, 0x05c0};

    private static final DeviceServer<ItlNexus> SERVER = new DeviceServer<>(new CommandTable<>(List.of(
            PrimaryCommands.TEST_UNIT_READY,
            PrimaryCommands.REQUEST_SENSE,
            PrimaryCommands.inquiry(List.of()),
            PrimaryCommands.REPORT_LUNS)));

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
    public int[] versionDescriptors() {
        return VERSION_DESCRIPTORS.clone();
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
