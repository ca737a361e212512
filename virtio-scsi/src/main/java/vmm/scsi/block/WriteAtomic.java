package vmm.scsi.block;

import vmm.scsi.Cdb;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;

/**
 * WRITE ATOMIC (16) (SBC-4 5.48): no command sees a part of what it writes. Whether a host that fails leaves a part of
 * it behind is up to the medium, as it is with any write.
 */
final class WriteAtomic extends SingleWrite {
    private static final int LBA = 2;
    private static final int ATOMIC_BOUNDARY = 10;
    private static final int COUNT = 12;

    @Override
    public void execute(DiskNexus nexus, ScsiTask task) {
        ScsiDisk disk = nexus.unit();
        Cdb cdb = task.cdb();
        task.concerns(BlockAccess.lba(cdb), cdb.u16(COUNT));
        if (!BlockAccess.isUnprotected(task) || !BlockAccess.inRange(disk, task) || !BlockAccess.canWrite(disk, task)) {
            return;
        }
        long bytes = BlockAccess.bytes(disk, task);
        if (cdb.u16(ATOMIC_BOUNDARY) != 0) {
            // SBC-4 6.6.4: MAXIMUM ATOMIC BOUNDARY SIZE is 0, there are none
            task.invalidField(ATOMIC_BOUNDARY, ScsiTask.WHOLE_BYTE);
        } else if (task.lba() % DiskLimits.atomicUnit(disk) != 0) {
            task.invalidField(LBA, ScsiTask.WHOLE_BYTE);
        } else if (task.blocks() > DiskLimits.MAXIMUM_ATOMIC_TRANSFER_LENGTH
                || task.blocks() % DiskLimits.atomicUnit(disk) != 0) {
            task.invalidField(COUNT, ScsiTask.WHOLE_BYTE);
        } else if (bytes > task.dataOut().bytes()) {
            task.endWithOverrun();
        } else if (bytes == 0) {
            task.end(ScsiStatus.GOOD);
        } else {
            task.dataOut().truncate(bytes);
            nexus.enterAlone(task, this);
        }
    }

    @Override
    void done(DiskNexus nexus, ScsiTask task) {
        long bytes = BlockAccess.bytes(nexus.unit(), task);
        task.movedOut(bytes);
        nexus.countWrite(bytes);
        task.end(ScsiStatus.GOOD);
    }
}
