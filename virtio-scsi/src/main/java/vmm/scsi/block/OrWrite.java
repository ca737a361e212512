package vmm.scsi.block;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import vmm.scsi.Cdb;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;

/**
 * ORWRITE (16) and (32) (SBC-4 5.10, 5.11): sets the bits in the blocks that are set in the data-out buffer, if it is
 * of the generation that counts; or clears those that are not set there, and begins a new generation.
 */
final class OrWrite extends WritingCommand implements SteppedCommand {
    private static final int BMOP = 2;
    private static final int SET = 0b000;
    private static final int CHANGE_GENERATION_AND_CLEAR = 0b001;
    private static final int PREVIOUS_GENERATION_PROCESSING = 3;
    private static final int EXPECTED_ORWGENERATION = 20;
    private static final int NEW_ORWGENERATION = 24;

    private static final int READING = 0;
    private static final int WRITING = 1;

    @Override
    public void execute(DiskNexus nexus, ScsiTask task) {
        BlockAccess.concerns(task);
        if (!hasGoodFields(task)
                || !BlockAccess.isUnprotected(task)
                || !BlockAccess.canMove(nexus.unit(), task)
                || !BlockAccess.canWrite(nexus.unit(), task)) {
            return;
        }
        if (task.blocks() == 0) {
            if (isToBeDone(nexus, task)) {
                task.end(ScsiStatus.GOOD);
            }
        } else if (WriteBlocks.cutToSize(nexus.unit(), task)) {
            nexus.enterAlone(task, this);
        }
    }

    private static boolean hasGoodFields(ScsiTask task) {
        Cdb cdb = task.cdb();
        int operation = operation(cdb);
        if (operation > CHANGE_GENERATION_AND_CLEAR) {
            task.invalidField(BMOP, 2);
            return false;
        }
        if (operation == CHANGE_GENERATION_AND_CLEAR && !OrWriteGeneration.hasPolicy(policy(cdb))) {
            task.invalidField(PREVIOUS_GENERATION_PROCESSING, 3);
            return false;
        }
        return true;
    }

    private static int operation(Cdb cdb) {
        return cdb.operationCode() == Cdb.VARIABLE_LENGTH ? cdb.u8(BMOP) & 0b111 : SET;
    }

    private static int policy(Cdb cdb) {
        return cdb.u8(PREVIOUS_GENERATION_PROCESSING) & 0xf;
    }

    /** Looks at the generations, and changes them; false if the task has ended. */
    private static boolean isToBeDone(DiskNexus nexus, ScsiTask task) {
        OrWriteGeneration generation = nexus.unit().orWriteGeneration();
        Cdb cdb = task.cdb();
        // SBC-4 4.27.2.2: ORWRITE (16) is of generation 0
        long expected = cdb.operationCode() == Cdb.VARIABLE_LENGTH ? cdb.u32(EXPECTED_ORWGENERATION) : 0;
        if (operation(cdb) == CHANGE_GENERATION_AND_CLEAR) {
            OrWriteGeneration.Change change = generation.change(expected, cdb.u32(NEW_ORWGENERATION), policy(cdb));
            if (change != null) {
                task.attach(change);
                return true;
            }
            task.fail(SenseCode.ORWRITE_GENERATION_DOES_NOT_MATCH);
            return false;
        }
        return switch (generation.ofSet(expected)) {
            case PERFORM -> true;
            case DISCARD -> {
                task.movedOut(BlockAccess.bytes(nexus.unit(), task));
                task.end(ScsiStatus.GOOD);
                yield false;
            }
            case REFUSE -> {
                task.fail(SenseCode.ORWRITE_GENERATION_DOES_NOT_MATCH);
                yield false;
            }
        };
    }

    @Override
    public void begin(DiskNexus nexus, ScsiTask task) {
        if (task.medium().borrowScratch() && isToBeDone(nexus, task)) {
            step(nexus, task);
        }
    }

    @Override
    public void step(DiskNexus nexus, ScsiTask task) {
        long length = left(nexus, task, HALF);
        if (length > 0) {
            task.medium().readScratch(nexus, position(nexus, task), length, this, READING);
        } else {
            finish(nexus, task);
        }
    }

    @Override
    void answered(DiskNexus nexus, ScsiTask task, int errno) {
        boolean reading = task.medium().phase() == READING;
        if (errno != 0) {
            if (reading) {
                MediumError.read(task, errno, currentLba(nexus, task));
            } else {
                MediumError.write(task, errno, currentLba(nexus, task));
            }
        } else if (reading) {
            combine(nexus, task);
        } else {
            task.advance(left(nexus, task, HALF));
            proceed(nexus, task);
        }
    }

    @Override
    void failing(DiskNexus nexus, ScsiTask task) {
        if (task.attachment() instanceof OrWriteGeneration.Change change) {
            nexus.unit().orWriteGeneration().takeBack(change);
        }
    }

    @Override
    void done(DiskNexus nexus, ScsiTask task) {
        WriteBlocks.written(nexus, task);
    }

    private void combine(DiskNexus nexus, ScsiTask task) {
        long length = left(nexus, task, HALF);
        MemorySegment scratch = task.medium().scratch();
        task.dataOut().copyTo(scratch, HALF, length);
        task.dataOut().advance(length);
        boolean clears = operation(task.cdb()) == CHANGE_GENERATION_AND_CLEAR;
        for (long at = 0; at < length; at += Long.BYTES) {
            long there = scratch.get(JAVA_LONG, at);
            long sent = scratch.get(JAVA_LONG, HALF + at);
            scratch.set(JAVA_LONG, at, clears ? there & sent : there | sent);
        }
        task.medium().writeScratch(nexus, position(nexus, task), length, this, WRITING);
    }
}
