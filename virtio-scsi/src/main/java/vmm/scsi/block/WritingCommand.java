package vmm.scsi.block;

import vmm.scsi.ScsiTask;

/** A command that changes blocks, and ends when the change is where it must be (SBC-4, FUA and WCE). */
abstract class WritingCommand implements RangeCommand {
    private static final int FLUSHING = -1;

    /** All is written: ends the task, after a flush if one is needed. */
    final void finish(DiskNexus nexus, ScsiTask task) {
        if (mustFlush(nexus.unit(), task)) {
            task.medium().flush(nexus, this, FLUSHING);
        } else {
            done(nexus, task);
        }
    }

    /** True if what was written must be in stable storage when the task ends. */
    boolean mustFlush(ScsiDisk disk, ScsiTask task) {
        return BlockAccess.mustFlush(disk, task);
    }

    /** Ends the task with success. */
    abstract void done(DiskNexus nexus, ScsiTask task);

    /**
     * The medium has done what was asked, or has failed, as {@link #mediumEnded} has it; but of flushes nobody hears
     * here.
     */
    abstract void answered(DiskNexus nexus, ScsiTask task, int errno);

    /** The task is going to end with an error of the medium. */
    void failing(DiskNexus nexus, ScsiTask task) {
        // Most have nothing to take back.
    }

    @Override
    public final void mediumEnded(DiskNexus nexus, ScsiTask task, int errno) {
        if (errno != 0) {
            failing(nexus, task);
        }
        if (task.medium().phase() != FLUSHING) {
            answered(nexus, task, errno);
        } else if (errno == 0) {
            done(nexus, task);
        } else {
            MediumError.flush(task, errno);
        }
    }
}
