package vmm.scsi.block;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import vmm.scsi.ScsiTask;

/** ORWRITE (16) (SBC-4 5.13): sets the bits in the blocks that are set in the data-out buffer. */
final class OrWrite extends SteppedCommand {
    private static final int READING = 0;
    private static final int WRITING = 1;
    private static final int FLUSHING = 2;

    @Override
    public void execute(DiskNexus nexus, ScsiTask task) {
        BlockAccess.concerns(task);
        if (BlockAccess.isUnprotected(task)
                && BlockAccess.canMove(nexus.unit(), task)
                && BlockAccess.canWrite(nexus.unit(), task)
                && WriteBlocks.cutToSize(nexus.unit(), task)) {
            nexus.enterAlone(task, this);
        }
    }

    @Override
    public void begin(DiskNexus nexus, ScsiTask task) {
        if (task.borrowScratch()) {
            step(nexus, task);
        }
    }

    @Override
    void step(DiskNexus nexus, ScsiTask task) {
        long length = left(nexus, task, HALF);
        if (length > 0) {
            task.readScratch(nexus, position(nexus, task), length, this, READING);
        } else if (BlockAccess.mustFlush(nexus.unit(), task)) {
            task.flushMedium(nexus, this, FLUSHING);
        } else {
            WriteBlocks.written(nexus, task);
        }
    }

    @Override
    public void mediumEnded(DiskNexus nexus, ScsiTask task, int errno) {
        switch (task.phase()) {
            case READING -> {
                if (errno == 0) {
                    set(nexus, task);
                } else {
                    MediumError.read(task, errno, currentLba(nexus, task));
                }
            }
            case WRITING -> {
                if (errno == 0) {
                    task.advance(left(nexus, task, HALF));
                    proceed(nexus, task);
                } else {
                    MediumError.write(task, errno, currentLba(nexus, task));
                }
            }
            default -> {
                if (errno == 0) {
                    WriteBlocks.written(nexus, task);
                } else {
                    MediumError.flush(task, errno);
                }
            }
        }
    }

    private void set(DiskNexus nexus, ScsiTask task) {
        long length = left(nexus, task, HALF);
        MemorySegment scratch = task.scratch();
        task.dataOut().copyTo(scratch, HALF, length);
        task.dataOut().advance(length);
        for (long at = 0; at < length; at += Long.BYTES) {
            scratch.set(JAVA_LONG, at, scratch.get(JAVA_LONG, at) | scratch.get(JAVA_LONG, HALF + at));
        }
        task.writeScratch(nexus, position(nexus, task), length, this, WRITING);
    }
}
