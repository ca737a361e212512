package vmm.block;

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
}
