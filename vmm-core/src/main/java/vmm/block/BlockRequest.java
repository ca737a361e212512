package vmm.block;

import org.jspecify.annotations.Nullable;
import vmm.linux.Errno;
import vmm.linux.IoVector;

/**
 * A slot for one request to a disk, made once and used again and again by the worker that owns it. A device extends it
 * with what it must remember until the answer.
 */
public abstract class BlockRequest {
    /** What is asked of the disk. */
    public enum Operation {
        /** Fill the buffers from the disk. */
        READ,
        /** Bring the buffers to the disk; they may stay in a volatile cache. */
        WRITE,
        /** Bring all writes that have completed to stable storage. */
        FLUSH
    }

    private final IoVector data;
    private Operation operation = Operation.FLUSH;
    private long offset;
    private @Nullable BlockRequestEvent trace;

    /**
     * A slot with room for scattered buffers.
     *
     * @param data where the data is; the slot keeps it and the device fills it before each request
     */
    protected BlockRequest(IoVector data) {
        this.data = data;
    }

    /** Sets what the next {@link BlockQueue#submit} does. The offset is in bytes; for a flush it says nothing. */
    public final void prepare(Operation operation, long offset) {
        this.operation = operation;
        this.offset = offset;
    }

    /** The operation asked for. */
    public final Operation operation() {
        return operation;
    }

    /** Where on the disk, in bytes. */
    public final long offset() {
        return offset;
    }

    /** The buffers in the VMM's address space, which are guest memory. The queue may consume it. */
    public final IoVector data() {
        return data;
    }

    /**
     * The request has ended. Runs on the worker's thread.
     *
     * @param errno 0, or the positive error number that names what went wrong: no part of the data counts then
     */
    public abstract void completed(int errno);

    /**
     * Opens the trace of this request on {@code disk} and looks whether the disk can take it. A queue calls it first.
     *
     * @return 0, or the error number to {@link #end} it with: nothing is read or written outside a disk or written to a
     *     read-only one
     */
    final int begin(BlockDevice disk) {
        if (BlockRequestEvent.PROBE.isEnabled()) {
            trace = trace(disk.name());
        }
        if (operation == Operation.FLUSH) {
            return 0;
        }
        if (operation == Operation.WRITE && disk.readOnly()) {
            return Errno.EROFS;
        }
        boolean inside = offset >= 0 && offset <= disk.size() && data.bytes() <= disk.size() - offset;
        return inside ? 0 : Errno.EINVAL;
    }

    private BlockRequestEvent trace(String disk) {
        BlockRequestEvent event = new BlockRequestEvent();
        event.disk = disk;
        event.operation = operation.name();
        event.offset = offset;
        event.bytes = operation == Operation.FLUSH ? 0 : data.bytes();
        event.begin();
        return event;
    }

    /** Closes the trace and passes the answer on. A queue calls it last, once. */
    final void end(int errno) {
        BlockRequestEvent event = trace;
        if (event != null) {
            trace = null;
            event.errno = errno;
            event.commit();
        }
        completed(errno);
    }
}
