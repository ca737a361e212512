package vmm.scsi.block;

import vmm.scsi.MediumCommand;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;

/**
 * SYNCHRONIZE CACHE (10) and (16) (SBC-4 5.33, 5.34). Brings everything to stable storage, whatever blocks it names,
 * and ends after that even if IMMED would let it end before.
 */
final class SynchronizeCache implements MediumCommand<DiskNexus> {
    private static final int FLUSHING = 0;

    @Override
    public void execute(DiskNexus nexus, ScsiTask task) {
        ScsiDisk disk = nexus.unit();
        task.concerns(BlockAccess.lba(task.cdb()), BlockAccess.count(task.cdb()));
        if (!BlockAccess.inRange(disk, task)) {
            return;
        }
        if (disk.writeProtected()) {
            task.end(ScsiStatus.GOOD);
        } else {
            task.flushMedium(nexus, this, FLUSHING);
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
