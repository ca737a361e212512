package vmm.scsi.block;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockQueue;
import vmm.block.BlockRequest;
import vmm.event.EventLoop;
import vmm.linux.IoVector;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;

/**
 * Something that a disk does with all of its blocks: SANITIZE (SBC-4 4.11) or FORMAT UNIT. It belongs to the disk and
 * not to the command that asked for it, so neither an abort nor a reset ends it. Runs on the loop that it was begun on.
 */
final class WholeDiskOperation extends BlockRequest {
    /**
     * Once over the disk.
     *
     * @param content what is repeated from the beginning of the disk to its end, whole blocks; empty for zeros
     * @param unmap true if zeros need no storage
     */
    @SuppressWarnings("ArrayRecordComponent") // Nobody compares these.
    record Pass(byte[] content, boolean unmap) {
        static final Pass ERASE = new Pass(new byte[0], true);
        static final Pass ZEROS = new Pass(new byte[0], false);
    }

    /**
     * How it shows.
     *
     * @param inProgress what commands hear meanwhile
     * @param failed what commands hear after it has failed
     * @param failureMayBeLeft true if an initiator may choose to use the medium after a failure all the same
     */
    record Kind(SenseCode inProgress, SenseCode failed, boolean failureMayBeLeft) {}

    private static final long ZEROS_PER_STEP = SteppedCommand.ZEROS_PER_STEP;

    private final ScsiDisk disk;
    private final EventLoop loop;
    private final BlockQueue queue;
    private final Kind kind;
    private final List<Pass> passes;
    private final boolean immediate;
    private final long size;
    private @Nullable ScsiTask waiter;
    private MemorySegment content = MemorySegment.NULL;
    private int pass;
    private long at;
    private long step;
    private volatile int progress;

    /**
     * An operation that has not begun.
     *
     * @param nexus by whose way the medium is asked
     * @param passes one or more
     * @param immediate true if the command does not wait for the end
     */
    WholeDiskOperation(DiskNexus nexus, Kind kind, List<Pass> passes, boolean immediate) {
        super(new IoVector(1));
        this.disk = nexus.unit();
        this.loop = nexus.initiator().loop();
        this.queue = nexus.wayToMedium();
        this.kind = kind;
        this.passes = List.copyOf(passes);
        this.immediate = immediate;
        this.size = disk.blocks() << disk.geometry().shift();
    }

    /** What commands hear as long as it goes on. */
    SenseCode inProgress() {
        return kind.inProgress;
    }

    /** How far it has come, in 65536ths. Any thread. */
    int progress() {
        return progress;
    }

    /** Begins. */
    void start(ScsiTask task) {
        if (immediate) {
            task.end(ScsiStatus.GOOD);
        } else {
            waiter = task;
        }
        beginPass();
        next();
    }

    private void beginPass() {
        byte[] pattern = passes.get(pass).content;
        if (pattern.length > 0) {
            int whole = ScsiTask.SCRATCH_BYTES / pattern.length * pattern.length;
            content = Arena.ofAuto().allocate(whole, 4096);
            MemorySegment.copy(MemorySegment.ofArray(pattern), 0, content, 0, pattern.length);
            Pattern.repeat(content, pattern.length);
        }
    }

    private void next() {
        Pass current = passes.get(pass);
        ScsiTask waiting = waiter;
        if (waiting != null && waiting.aborted()) {
            waiter = null;
            waiting.end(ScsiStatus.TASK_ABORTED);
        }
        if (at == size) {
            step = 0;
            prepare(Operation.FLUSH, 0);
        } else if (current.content.length == 0) {
            step = Math.min(size - at, ZEROS_PER_STEP);
            prepareRange(Operation.WRITE_ZEROES, at, step, current.unmap);
        } else {
            step = Math.min(size - at, content.byteSize());
            data().clear();
            data().add(content.address(), step);
            prepare(Operation.WRITE, at);
        }
        queue.submit(this);
    }

    @Override
    public void completed(int errno) {
        if (errno != 0) {
            end(kind.failed);
        } else if (step > 0) {
            at += step;
            double share = (pass + (double) at / size) / passes.size();
            progress = (int) Math.min(0xffff, share * 0x10000);
            loop.post(this::next);
        } else if (pass + 1 < passes.size()) {
            pass++;
            at = 0;
            beginPass();
            loop.post(this::next);
        } else {
            end(null);
        }
    }

    private void end(@Nullable SenseCode failure) {
        disk.ended(failure, kind.failureMayBeLeft);
        ScsiTask waiting = waiter;
        waiter = null;
        if (waiting != null) {
            if (failure == null) {
                waiting.end(ScsiStatus.GOOD);
            } else {
                waiting.fail(failure);
            }
        }
    }
}
