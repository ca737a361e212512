package vmm.scsi;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockRequest;
import vmm.linux.Errno;
import vmm.linux.IoVector;

/**
 * What a command has the medium do, one thing after the other: each ends with a call of
 * {@link MediumCommand#mediumEnded}. Part of a {@link ScsiTask}; loop thread only, allocates nothing for the command's
 * own buffers.
 */
public final class MediumWork {
    private final ScsiTask task;
    private final Request toDataIn;
    private final Request fromDataOut;
    private @Nullable Request ofScratch;
    private @Nullable MemorySegment scratch;

    private @Nullable MediumNexus medium;
    private @Nullable MediumCommand<MediumNexus> continuation;
    private int phase;
    private long errorOffset = -1;

    MediumWork(ScsiTask task) {
        this.task = task;
        fromDataOut = new Request(task.dataOut());
        toDataIn = new Request(task.dataIn());
    }

    /** A new command. */
    void begin() {
        errorOffset = -1;
    }

    /** The command has ended: its buffer is free again. */
    void end() {
        medium = null;
        continuation = null;
        MemorySegment borrowed = scratch;
        if (borrowed != null) {
            scratch = null;
            ScratchPool.shared().give(borrowed);
        }
    }

    /** What the medium was asked last; a {@link MediumCommand} gives it its meaning. */
    public int phase() {
        return phase;
    }

    /** Where on the medium the error lies that the medium has just answered, in bytes; -1 if nobody knows. */
    public long errorOffset() {
        return errorOffset;
    }

    /** Fills the data-in buffer, which has been cut to size, from the medium. */
    public <N extends MediumNexus> void read(N from, long offset, MediumCommand<? super N> next, int newPhase) {
        toDataIn.prepare(BlockRequest.Operation.READ, offset);
        submit(toDataIn, from, next, newPhase);
    }

    /** Brings the data-out buffer, which has been cut to size, to the medium. */
    public <N extends MediumNexus> void write(N to, long offset, MediumCommand<? super N> next, int newPhase) {
        fromDataOut.prepare(BlockRequest.Operation.WRITE, offset);
        submit(fromDataOut, to, next, newPhase);
    }

    /** Brings all that was written to stable storage. */
    public <N extends MediumNexus> void flush(N of, MediumCommand<? super N> next, int newPhase) {
        fromDataOut.prepare(BlockRequest.Operation.FLUSH, 0);
        submit(fromDataOut, of, next, newPhase);
    }

    /**
     * Makes {@code length} bytes of the medium read as zeros.
     *
     * @param unmap true if their storage may be given back
     */
    public <N extends MediumNexus> void zero(
            N of, long offset, long length, boolean unmap, MediumCommand<? super N> next, int newPhase) {
        fromDataOut.prepareRange(BlockRequest.Operation.WRITE_ZEROES, offset, length, unmap);
        submit(fromDataOut, of, next, newPhase);
    }

    /**
     * Makes sure that the command has a {@link #scratch} buffer until its end.
     *
     * @return false if there is none left for now; then the command has ended with BUSY
     */
    public boolean borrowScratch() {
        if (scratch == null) {
            scratch = ScratchPool.shared().take();
        }
        if (scratch == null) {
            task.end(ScsiStatus.BUSY);
            return false;
        }
        return true;
    }

    /** The command's own buffer of {@link ScsiTask#SCRATCH_BYTES}, after {@link #borrowScratch}. */
    public MemorySegment scratch() {
        MemorySegment own = scratch;
        if (own == null) {
            throw new IllegalStateException("The command has borrowed no buffer.");
        }
        return own;
    }

    /** Fills the first {@code length} bytes of the {@link #scratch} buffer from the medium. */
    public <N extends MediumNexus> void readScratch(
            N from, long offset, long length, MediumCommand<? super N> next, int newPhase) {
        submit(scratchRequest(BlockRequest.Operation.READ, offset, length), from, next, newPhase);
    }

    /** Brings the first {@code length} bytes of the {@link #scratch} buffer to the medium. */
    public <N extends MediumNexus> void writeScratch(
            N to, long offset, long length, MediumCommand<? super N> next, int newPhase) {
        submit(scratchRequest(BlockRequest.Operation.WRITE, offset, length), to, next, newPhase);
    }

    private Request scratchRequest(BlockRequest.Operation operation, long offset, long length) {
        Request request = ofScratch;
        if (request == null) {
            request = new Request(new IoVector(1));
            ofScratch = request;
        }
        request.data().clear();
        request.data().add(scratch().address(), length);
        request.prepare(operation, offset);
        return request;
    }

    @SuppressWarnings("unchecked") // The command gets back the nexus that came with it, and no other.
    private <N extends MediumNexus> void submit(Request request, N on, MediumCommand<? super N> next, int newPhase) {
        medium = on;
        continuation = (MediumCommand<MediumNexus>) next;
        phase = newPhase;
        if (task.aborted()) {
            task.end(ScsiStatus.TASK_ABORTED);
            return;
        }
        FaultInjection faults = on.unit().faults();
        long bad = faults == null || request.length() == 0 ? -1 : faults.firstBad(request.offset(), request.length());
        if (faults != null && bad >= 0) {
            errorOffset = bad;
            request.completed(faults.errnoAt(bad));
        } else {
            on.queue().submit(request);
        }
    }

    private void ended(int errno) {
        MediumNexus from = medium;
        MediumCommand<MediumNexus> next = continuation;
        if (from == null || next == null) {
            throw new IllegalStateException("The medium answered what nobody asked.");
        }
        if (task.aborted()) {
            task.end(ScsiStatus.TASK_ABORTED);
            return;
        }
        next.mediumEnded(from, task, errno);
    }

    private final class Request extends BlockRequest {
        Request(IoVector data) {
            super(data);
        }

        @Override
        public void completed(int errno) {
            if (errno != 0 && errno != Errno.EIO) {
                // Storage that fails does not know where; what finds fault with the data does.
                errorOffset = offset() + moved();
            }
            ended(errno);
        }
    }
}
