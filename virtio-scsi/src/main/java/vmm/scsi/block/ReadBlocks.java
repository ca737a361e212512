package vmm.scsi.block;

import vmm.scsi.Cdb;
import vmm.scsi.MediumCommand;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;

/** READ (10), (12) and (16) (SBC-4 5.16 to 5.18), and READ (6) (SBC-3). */
final class ReadBlocks implements MediumCommand<DiskNexus> {
    private static final int SIX = 0x08;
    private static final int RDPROTECT = 0b111 << 5;
    private static final int FUA = 1 << 3;

    private static final int FLUSHING = 0;
    private static final int READING = 1;

    @Override
    public void execute(DiskNexus nexus, ScsiTask task) {
        ScsiDisk disk = nexus.unit();
        Cdb cdb = task.cdb();
        boolean six = cdb.operationCode() == SIX;
        task.concerns(BlockAccess.lba(cdb), BlockAccess.count(cdb));
        if (!six && cdb.has(1, RDPROTECT)) {
            // SBC-4, RDPROTECT: the medium has no protection information
            task.invalidField(1, 7);
            return;
        }
        if (!BlockAccess.inRange(disk, task)) {
            return;
        }
        long bytes = task.blocks() << disk.geometry().shift();
        if (bytes > task.dataIn().bytes()) {
            task.endWithOverrun();
        } else if (bytes == 0) {
            task.end(ScsiStatus.GOOD);
        } else {
            task.dataIn().truncate(bytes);
            // SBC-4, FUA: what the volatile cache has newer than the medium is brought there first
            if (!six && cdb.has(1, FUA) && disk.writeCache() && !disk.writeProtected()) {
                task.flushMedium(nexus, this, FLUSHING);
            } else {
                read(nexus, task);
            }
        }
    }

    private void read(DiskNexus nexus, ScsiTask task) {
        task.readMedium(nexus, task.lba() << nexus.unit().geometry().shift(), this, READING);
    }

    @Override
    public void mediumEnded(DiskNexus nexus, ScsiTask task, int errno) {
        if (task.phase() == FLUSHING) {
            if (errno == 0) {
                read(nexus, task);
            } else {
                MediumError.flush(task, errno);
            }
        } else if (errno == 0) {
            long bytes = task.blocks() << nexus.unit().geometry().shift();
            task.movedIn(bytes);
            nexus.countRead(bytes);
            task.end(ScsiStatus.GOOD);
        } else {
            MediumError.read(task, errno);
        }
    }
}
