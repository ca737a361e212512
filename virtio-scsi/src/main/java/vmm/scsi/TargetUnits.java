package vmm.scsi;

/**
 * What every target has beside the logical units that are attached to it. The commands of those are SPC-5's, of which
 * this package knows nothing.
 */
public interface TargetUnits {
    /** Runs a command for a number that no logical unit has to its end (SAM-5, incorrect LUN). */
    void executeIncorrect(ItNexus nexus, int lun, ScsiTask task);

    /** The REPORT LUNS well known logical unit (SPC-5 8.2). Made once for each target. */
    LogicalUnit reportLuns();
}
