package vmm.scsi.block;

import java.lang.foreign.MemorySegment;
import vmm.scsi.Cdb;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;

/**
 * COMPARE AND WRITE (SBC-4 5.3): writes the second half of the data-out buffer if the blocks are what the first half
 * says. Nobody sees anything of the disk in between.
 */
final class CompareAndWrite extends WritingCommand implements SteppedCommand {
    private static final int COUNT = 13;

    private static final int READING = 0;
    private static final int WRITING = 1;

    @Override
    public void execute(DiskNexus nexus, ScsiTask task) {
        ScsiDisk disk = nexus.unit();
        Cdb cdb = task.cdb();
        task.concerns(BlockAccess.lba(cdb), cdb.u8(COUNT));
        if (!BlockAccess.isUnprotected(task)
                || !BlockAccess.inRange(disk, task)
                || !BlockAccess.canWrite(disk, task)
                || !BlockAccess.hasExactly(task, 2 * BlockAccess.bytes(disk, task), COUNT)) {
            return;
        }
        if (task.blocks() == 0) {
            task.end(ScsiStatus.GOOD);
        } else {
            nexus.enterAlone(task, this);
        }
    }

    @Override
    public void begin(DiskNexus nexus, ScsiTask task) {
        if (task.medium().borrowScratch()) {
            step(nexus, task);
        }
    }

    @Override
    public void step(DiskNexus nexus, ScsiTask task) {
        long length = left(nexus, task, HALF);
        if (length > 0) {
            task.medium().readScratch(nexus, position(nexus, task), length, this, READING);
        } else {
            task.medium().write(nexus, BlockAccess.offset(nexus.unit(), task), this, WRITING);
        }
    }

    @Override
    void answered(DiskNexus nexus, ScsiTask task, int errno) {
        boolean reading = task.medium().phase() == READING;
        if (errno != 0) {
            if (reading) {
                MediumError.read(task, errno, currentLba(nexus, task));
            } else {
                MediumError.write(task, errno);
            }
        } else if (reading) {
            compare(nexus, task);
        } else {
            finish(nexus, task);
        }
    }

    private void compare(DiskNexus nexus, ScsiTask task) {
        long length = left(nexus, task, HALF);
        MemorySegment scratch = task.medium().scratch();
        task.dataOut().copyTo(scratch, HALF, length);
        long differs = MemorySegment.mismatch(scratch, 0, length, scratch, HALF, HALF + length);
        if (differs >= 0) {
            // SBC-4 5.3: INFORMATION has the offset in the data-out buffer
            task.fail(SenseCode.MISCOMPARE_DURING_VERIFY_OPERATION, task.progress() + differs);
            return;
        }
        task.dataOut().advance(length);
        task.advance(length);
        step(nexus, task);
    }

    @Override
    void done(DiskNexus nexus, ScsiTask task) {
        long bytes = BlockAccess.bytes(nexus.unit(), task);
        task.movedOut(2 * bytes);
        nexus.countWrite(bytes);
        task.end(ScsiStatus.GOOD);
    }
}
