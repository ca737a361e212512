package vmm.scsi.block;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockQueue;
import vmm.block.BlockRequest;
import vmm.block.BlockRequest.Operation;
import vmm.linux.IoVector;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;
import vmm.scsi.block.protection.ProtectedMedium;
import vmm.scsi.block.protection.ProtectionInformation;
import vmm.scsi.block.protection.ProtectionInformation.Fault;

/**
 * Blocks on their way to or from an initiator with their protection information behind each of them (SBC-4 4.21.5), for
 * one task.
 */
final class InterleavedTransfer {
    private final DiskNexus nexus;
    private final ScsiTask task;
    private final ProtectedMedium medium;
    private final Checks checks;
    private final boolean writes;
    private final int block;
    private final BlockQueue data;
    private final BlockQueue information;
    private final Half dataHalf = new Half();
    private final Half informationHalf = new Half();
    private long done;
    private Stage stage = Stage.DATA;

    private enum Stage {
        DATA,
        INFORMATION,
        FLUSH
    }

    /**
     * What RDPROTECT or WRPROTECT has checked (SBC-4 5.16, 5.40).
     *
     * @param guard true if the guard is
     * @param reference true if the reference tag is
     */
    record Checks(boolean guard, boolean reference) {
        /** What a value from 1 on means; null if it is reserved. */
        static @Nullable Checks of(int code) {
            return switch (code) {
                case 0b001, 0b101 -> new Checks(true, true);
                case 0b010 -> new Checks(false, true);
                case 0b011 -> new Checks(false, false);
                case 0b100 -> new Checks(true, false);
                default -> null;
            };
        }
    }

    /** A transfer that has not begun; the task has a scratch buffer. */
    InterleavedTransfer(DiskNexus nexus, ScsiTask task, ProtectedMedium medium, Checks checks, boolean writes) {
        this.nexus = nexus;
        this.task = task;
        this.medium = medium;
        this.checks = checks;
        this.writes = writes;
        this.block = nexus.unit().geometry().logicalBlock();
        this.data = medium.data().openQueue(nexus.initiator().loop());
        this.information = medium.information().openQueue(nexus.initiator().loop());
    }

    /** How many bytes {@code blocks} take with their information. */
    static long bytes(ScsiDisk disk, long blocks) {
        return blocks * (disk.geometry().logicalBlock() + ProtectionInformation.BYTES);
    }

    private int stepBlocks() {
        return (int) Math.min(task.blocks() - done, SteppedCommand.HALF / block);
    }

    private long lba() {
        return task.lba() + done;
    }

    /** Begins, or goes on. */
    void step() {
        if (task.aborted()) {
            task.end(ScsiStatus.TASK_ABORTED);
        } else if (done < task.blocks()) {
            stage = Stage.DATA;
            if (!writes || gather()) {
                move(dataHalf, data, lba() * block, 0, (long) stepBlocks() * block);
            }
        } else if (writes && BlockAccess.mustFlush(nexus.unit(), task)) {
            stage = Stage.FLUSH;
            dataHalf.prepare(Operation.FLUSH, 0);
            nexus.wayToMedium().submit(dataHalf);
        } else {
            finish();
        }
    }

    private void move(Half half, BlockQueue queue, long offset, long inScratch, long length) {
        half.data().clear();
        half.data().add(task.medium().scratch().address() + inScratch, length);
        half.prepare(writes ? Operation.WRITE : Operation.READ, offset);
        queue.submit(half);
    }

    private void halfEnded(int errno) {
        if (errno != 0) {
            if (stage == Stage.FLUSH) {
                MediumError.flush(task, errno);
            } else if (writes) {
                MediumError.write(task, errno, lba());
            } else {
                MediumError.read(task, errno, lba());
            }
            return;
        }
        switch (stage) {
            case DATA -> {
                stage = Stage.INFORMATION;
                move(
                        informationHalf,
                        information,
                        lba() * ProtectionInformation.BYTES,
                        SteppedCommand.HALF,
                        (long) stepBlocks() * ProtectionInformation.BYTES);
            }
            case INFORMATION -> {
                if (writes || scatter()) {
                    done += stepBlocks();
                    nexus.later(this::step);
                }
            }
            case FLUSH -> finish();
        }
    }

    /** Takes the next blocks out of the data-out buffer; false if one was wrong, and the task has ended. */
    private boolean gather() {
        MemorySegment scratch = task.medium().scratch();
        for (int i = 0; i < stepBlocks(); i++) {
            long at = SteppedCommand.HALF + (long) i * ProtectionInformation.BYTES;
            task.dataOut().copyTo(scratch, (long) i * block, block);
            task.dataOut().advance(block);
            task.dataOut().copyTo(scratch, at, ProtectionInformation.BYTES);
            task.dataOut().advance(ProtectionInformation.BYTES);
            long sent = ProtectionInformation.get(scratch, at);
            if (!passes(sent, i)) {
                return false;
            }
            ProtectionInformation.put(scratch, at, ~sent);
        }
        return true;
    }

    /** Puts the blocks that were read into the data-in buffer; false if one was wrong, and the task has ended. */
    private boolean scatter() {
        MemorySegment scratch = task.medium().scratch();
        for (int i = 0; i < stepBlocks(); i++) {
            long at = SteppedCommand.HALF + (long) i * ProtectionInformation.BYTES;
            long kept = ~ProtectionInformation.get(scratch, at);
            if (!passes(kept, i)) {
                return false;
            }
            ProtectionInformation.put(scratch, at, kept);
            task.dataIn().copyFrom(scratch, (long) i * block, block);
            task.dataIn().advance(block);
            task.dataIn().copyFrom(scratch, at, ProtectionInformation.BYTES);
            task.dataIn().advance(ProtectionInformation.BYTES);
        }
        return true;
    }

    private boolean passes(long information, int index) {
        Fault fault = ProtectionInformation.check(
                information,
                medium.type(),
                lba() + index,
                task.medium().scratch(),
                (long) index * block,
                block,
                checks.guard(),
                checks.reference());
        switch (fault) {
            case NONE -> {
                return true;
            }
            case GUARD -> task.fail(SenseCode.LOGICAL_BLOCK_GUARD_CHECK_FAILED, lba() + index);
            case REFERENCE_TAG -> task.fail(SenseCode.LOGICAL_BLOCK_REFERENCE_TAG_CHECK_FAILED, lba() + index);
        }
        return false;
    }

    private void finish() {
        long moved = bytes(nexus.unit(), task.blocks());
        if (writes) {
            task.movedOut(moved);
            nexus.countWrite(moved);
        } else {
            task.movedIn(moved);
            nexus.countRead(moved);
        }
        task.end(ScsiStatus.GOOD);
    }

    private final class Half extends BlockRequest {
        Half() {
            super(new IoVector(1));
        }

        @Override
        public void completed(int errno) {
            halfEnded(errno);
        }
    }
}
