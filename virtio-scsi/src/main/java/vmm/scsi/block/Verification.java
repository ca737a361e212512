package vmm.scsi.block;

import java.lang.foreign.MemorySegment;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;

/**
 * The verifying part of VERIFY and WRITE AND VERIFY (SBC-4 5.33, 5.44): reads the blocks back, and compares them with
 * the data-out buffer if BYTCHK says so.
 */
abstract class Verification implements SteppedCommand {
    private static final int BYTCHK = 0b11 << 1;

    /** The blocks can be read. */
    static final int READABLE = 0;

    /** The blocks are those of the data-out buffer. */
    static final int ALL = 1;

    /** Each block is the single one of the data-out buffer. */
    static final int SINGLE = 3;

    private static final int READING = 10;

    /** The BYTCHK field. */
    static int byteCheck(ScsiTask task) {
        int offset = BlockAccess.flagsOffset(task.cdb());
        return (task.cdb().u8(offset) & BYTCHK) >> 1;
    }

    /** The comparison has come to a good end. */
    abstract void verified(DiskNexus nexus, ScsiTask task);

    /** Begins to verify all blocks of the task, whose data-out buffer has been cut to size. */
    final void verify(DiskNexus nexus, ScsiTask task) {
        if (task.medium().borrowScratch()) {
            if (byteCheck(task) == SINGLE) {
                repeatBlock(nexus, task);
            }
            step(nexus, task);
        }
    }

    private static void repeatBlock(DiskNexus nexus, ScsiTask task) {
        int block = nexus.unit().geometry().logicalBlock();
        for (int at = HALF; at < 2 * HALF; at += block) {
            task.dataOut().copyTo(task.medium().scratch(), at, block);
        }
    }

    @Override
    public void step(DiskNexus nexus, ScsiTask task) {
        task.medium().readScratch(nexus, position(nexus, task), left(nexus, task, HALF), this, READING);
    }

    @Override
    public void mediumEnded(DiskNexus nexus, ScsiTask task, int errno) {
        if (errno != 0) {
            MediumError.read(task, errno, currentLba(nexus, task));
            return;
        }
        long length = left(nexus, task, HALF);
        if (byteCheck(task) == ALL) {
            task.dataOut().copyTo(task.medium().scratch(), HALF, length);
            task.dataOut().advance(length);
        }
        if (byteCheck(task) != READABLE) {
            MemorySegment scratch = task.medium().scratch();
            long differs = MemorySegment.mismatch(scratch, 0, length, scratch, HALF, HALF + length);
            if (differs >= 0) {
                // SBC-4, error reporting: INFORMATION has the address of the block
                long lba = (position(nexus, task) + differs)
                        >>> nexus.unit().geometry().shift();
                task.fail(SenseCode.MISCOMPARE_DURING_VERIFY_OPERATION, lba);
                return;
            }
        }
        task.advance(length);
        if (left(nexus, task, 1) > 0) {
            proceed(nexus, task);
        } else {
            verified(nexus, task);
        }
    }
}
