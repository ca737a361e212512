package vmm.scsi.block;

import vmm.scsi.Cdb;
import vmm.scsi.MediumCommand;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;

/** WRITE (10), (12) and (16) (SBC-4 5.40 to 5.42), and WRITE (6) (SBC-3). */
final class WriteBlocks implements MediumCommand<DiskNexus> {
    private static final int SIX = 0x0a;
    private static final int WRPROTECT = 0b111 << 5;
    private static final int FUA = 1 << 3;

    private static final int WRITING = 0;
    private static final int FLUSHING = 1;

    @Override
    public void execute(DiskNexus nexus, ScsiTask task) {
        ScsiDisk disk = nexus.unit();
        Cdb cdb = task.cdb();
        task.concerns(BlockAccess.lba(cdb), BlockAccess.count(cdb));
        if (cdb.operationCode() != SIX && cdb.has(1, WRPROTECT)) {
            // SBC-4, WRPROTECT: the medium has no protection information
            task.invalidField(1, 7);
            return;
        }
        if (!BlockAccess.inRange(disk, task)) {
            return;
        }
        long bytes = task.blocks() << disk.geometry().shift();
        if (disk.writeProtected()) {
            task.fail(SenseCode.WRITE_PROTECTED);
        } else if (bytes > task.dataOut().bytes()) {
            task.endWithOverrun();
        } else if (bytes == 0) {
            task.end(ScsiStatus.GOOD);
        } else {
            task.dataOut().truncate(bytes);
            task.writeMedium(nexus, task.lba() << disk.geometry().shift(), this, WRITING);
        }
    }

    @Override
    public void mediumEnded(DiskNexus nexus, ScsiTask task, int errno) {
        if (task.phase() == WRITING) {
            if (errno != 0) {
                MediumError.write(task, errno);
            } else if (!nexus.unit().writeCache() || forcesUnitAccess(task.cdb())) {
                task.flushMedium(nexus, this, FLUSHING);
            } else {
                written(nexus, task);
            }
        } else if (errno == 0) {
            written(nexus, task);
        } else {
            MediumError.flush(task, errno);
        }
    }

    private static boolean forcesUnitAccess(Cdb cdb) {
        return cdb.operationCode() != SIX && cdb.has(1, FUA);
    }

    private static void written(DiskNexus nexus, ScsiTask task) {
        long bytes = task.blocks() << nexus.unit().geometry().shift();
        task.movedOut(bytes);
        nexus.countWrite(bytes);
        task.end(ScsiStatus.GOOD);
    }
}
