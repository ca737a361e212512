package vmm.scsi.block;

import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;

/** READ (10), (12), (16) and (32) (SBC-4 5.16 to 5.19), and READ (6) (SBC-3). */
final class ReadBlocks implements RangeCommand {
    private static final int FLUSHING = 0;
    private static final int READING = 1;

    @Override
    public void execute(DiskNexus nexus, ScsiTask task) {
        ScsiDisk disk = nexus.unit();
        BlockAccess.concerns(task);
        if (BlockAccess.has(task.cdb(), BlockAccess.PROTECT)) {
            ProtectedBlocks.READ.execute(nexus, task);
            return;
        }
        if (!BlockAccess.canMove(disk, task)) {
            return;
        }
        long bytes = BlockAccess.bytes(disk, task);
        if (bytes > task.dataIn().bytes()) {
            task.endWithOverrun();
        } else if (bytes == 0) {
            task.end(ScsiStatus.GOOD);
        } else {
            task.dataIn().truncate(bytes);
            nexus.enter(task, this);
        }
    }

    @Override
    public void begin(DiskNexus nexus, ScsiTask task) {
        ScsiDisk disk = nexus.unit();
        // SBC-4, FUA: what the volatile cache has newer than the medium is brought there first
        if (BlockAccess.has(task.cdb(), BlockAccess.FUA)
                && disk.writeCache()
                && !disk.medium().readOnly()) {
            task.medium().flush(nexus, this, FLUSHING);
        } else {
            read(nexus, task);
        }
    }

    private void read(DiskNexus nexus, ScsiTask task) {
        task.medium().read(nexus, BlockAccess.offset(nexus.unit(), task), this, READING);
    }

    @Override
    public void mediumEnded(DiskNexus nexus, ScsiTask task, int errno) {
        if (task.medium().phase() == FLUSHING) {
            if (errno == 0) {
                read(nexus, task);
            } else {
                MediumError.flush(task, errno);
            }
        } else if (errno == 0) {
            long bytes = BlockAccess.bytes(nexus.unit(), task);
            task.movedIn(bytes);
            nexus.countRead(bytes);
            task.end(ScsiStatus.GOOD);
        } else {
            MediumError.read(task, errno);
        }
    }
}
