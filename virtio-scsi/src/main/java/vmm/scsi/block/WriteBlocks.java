package vmm.scsi.block;

import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;

/** WRITE (10), (12), (16) and (32) (SBC-4 5.40 to 5.43), and WRITE (6) (SBC-3). */
final class WriteBlocks extends SingleWrite {
    @Override
    public void execute(DiskNexus nexus, ScsiTask task) {
        BlockAccess.concerns(task);
        if (BlockAccess.has(task.cdb(), BlockAccess.PROTECT)) {
            ProtectedBlocks.WRITE.execute(nexus, task);
        } else if (BlockAccess.canMove(nexus.unit(), task)
                && BlockAccess.canWrite(nexus.unit(), task)
                && cutToSize(nexus.unit(), task)) {
            nexus.enter(task, this);
        }
    }

    /**
     * Cuts the data-out buffer to what is written, and the task's blocks to those that there is data for.
     *
     * @return false if nothing is; then the task has ended
     */
    static boolean cutToSize(ScsiDisk disk, ScsiTask task) {
        long bytes = BlockAccess.bytes(disk, task);
        long there = task.dataOut().bytes();
        if (there < bytes) {
            if (!task.acceptsLessData()) {
                task.endWithOverrun();
                return false;
            }
            if (there % disk.geometry().logicalBlock() != 0) {
                // A part of a block is not written, and not passed over in silence.
                task.movedOut(bytes);
                task.endWithOverrun();
                return false;
            }
            task.concerns(task.lba(), there >>> disk.geometry().shift());
        }
        if (task.blocks() == 0) {
            task.movedOut(bytes);
            task.end(ScsiStatus.GOOD);
            return false;
        }
        task.dataOut().truncate(BlockAccess.bytes(disk, task));
        return true;
    }

    @Override
    void done(DiskNexus nexus, ScsiTask task) {
        written(nexus, task);
    }

    /** Ends a task that has written its blocks. */
    static void written(DiskNexus nexus, ScsiTask task) {
        // Those that it should have written count as moved, too.
        task.movedOut(BlockAccess.count(task.cdb()) << nexus.unit().geometry().shift());
        nexus.countWrite(BlockAccess.bytes(nexus.unit(), task));
        task.end(ScsiStatus.GOOD);
    }
}
