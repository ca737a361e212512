package vmm.scsi.primary;

import vmm.scsi.ItNexus;
import vmm.scsi.LogicalUnit;
import vmm.scsi.ScsiTask;
import vmm.scsi.TargetUnits;

/** What every target has beside the logical units that are attached to it, as SPC-5 has it. */
public final class PrimaryUnits implements TargetUnits {
    /** The only one: it has no state. */
    public static final PrimaryUnits SHARED = new PrimaryUnits();

    private PrimaryUnits() {}

    @Override
    public void executeIncorrect(ItNexus nexus, int lun, ScsiTask task) {
        IncorrectLogicalUnit.execute(nexus, lun, task);
    }

    @Override
    public LogicalUnit reportLuns() {
        return new ReportLunsUnit();
    }
}
