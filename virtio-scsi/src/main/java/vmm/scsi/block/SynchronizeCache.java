package vmm.scsi.block;

import vmm.scsi.MediumCommand;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;

/**
 * SYNCHRONIZE CACHE (10) and (16) (SBC-4 5.29, 5.30). Brings everything to stable storage, whatever blocks it names.
 */
final class SynchronizeCache implements MediumCommand<DiskNexus> {
    private static final int IMMED = 1 << 1;

    private static final int FLUSHING = 0;

    @Override
    public void execute(DiskNexus nexus, ScsiTask task) {
        ScsiDisk disk = nexus.unit();
        BlockAccess.concerns(task);
        if (!BlockAccess.inRange(disk, task)) {
            return;
        }
        if (disk.medium().readOnly()) {
            task.end(ScsiStatus.GOOD);
        } else if (task.cdb().has(1, IMMED)) {
            nexus.flushUnasked();
            task.end(ScsiStatus.GOOD);
        } else {
            task.medium().flush(nexus, this, FLUSHING);
        }
    }

    @Override
    public void mediumEnded(DiskNexus nexus, ScsiTask task, int errno) {
        if (errno == 0) {
            task.end(ScsiStatus.GOOD);
        } else {
            MediumError.flush(task, errno);
        }
    }
}
