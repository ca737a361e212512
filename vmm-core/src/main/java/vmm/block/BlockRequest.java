package vmm.block;

import jdk.jfr.FlightRecorder;
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
        FLUSH,
        /**
         * The range is of no use any more: it may read as anything until it is written again. A hint; may do nothing.
         */
        DISCARD,
        /** The range reads as zeros from now on; it stays allocated unless {@link #mayUnmap}. */
        WRITE_ZEROES;

        /** True if the operation has buffers, false if it is told by a range or covers the whole disk. */
        public boolean movesData() {
            return this == READ || this == WRITE;
        }

        /** True if the operation changes what the disk holds, which a read-only one refuses. */
        public boolean changesDisk() {
            return this == WRITE || this == DISCARD || this == WRITE_ZEROES;
        }
    }

    private final IoVector data;
    private Operation operation = Operation.FLUSH;
    private long offset;
    private long range;
    private boolean forceUnitAccess;
    private boolean mayUnmap;
    private @Nullable BlockRequestEvent trace;
    private long moved;

    /** Told of the end in the owner's place, if it is a failure or the request has been held. */
    private @Nullable ErrorHandler errorHandler;

    /** For the error handler: why it has held this request, an error number; 0 if it has not. */
    int heldError;

    /**
     * A slot with room for scattered buffers.
     *
     * @param data where the data is; the slot keeps it and the device fills it before each request
     */
    protected BlockRequest(IoVector data) {
        this.data = data;
    }

    /**
     * Sets what the next {@link BlockQueue#submit} does: a read or write of the {@link #data}, or a flush.
     *
     * @param offset in bytes; for a flush it says nothing
     */
    public final void prepare(Operation operation, long offset) {
        prepareRange(operation, offset, 0, false);
    }

    /**
     * Sets that the next {@link BlockQueue#submit} discards or zeroes a range.
     *
     * @param offset in bytes
     * @param length in bytes
     * @param unmap true if zeroing may give the range's storage back
     */
    public final void prepareRange(Operation operation, long offset, long length, boolean unmap) {
        this.operation = operation;
        this.offset = offset;
        this.range = length;
        this.mayUnmap = unmap;
        this.forceUnitAccess = false;
        this.errorHandler = null;
    }

    /** What was prepared is to be on stable storage when it completes; for operations that change the disk. */
    public final void requireStable() {
        forceUnitAccess = true;
    }

    /** The operation asked for. */
    public final Operation operation() {
        return operation;
    }

    /** Where on the disk, in bytes. */
    public final long offset() {
        return offset;
    }

    /** How many bytes of the disk are concerned, before the queue consumes any {@link #data}; 0 for a flush. */
    public final long length() {
        return operation.movesData() ? data.bytes() : range;
    }

    /** True if the request may only complete once its own effect is on stable storage (FUA). */
    public final boolean mustBeStable() {
        return forceUnitAccess;
    }

    /** True if a WRITE_ZEROES may give the range's storage back. */
    public final boolean mayUnmap() {
        return mayUnmap;
    }

    /**
     * The buffers in the VMM's address space, which are guest memory. The queue may {@linkplain IoVector#advance
     * advance} over them and do nothing else to them: a request that failed may be tried again.
     */
    public final IoVector data() {
        return data;
    }

    /**
     * The request has ended. Runs on the worker's thread.
     *
     * @param errno 0, or the positive error number that names what went wrong; {@link #moved} tells how far it came
     */
    public abstract void completed(int errno);

    /** After a failure: how many bytes from the start of the buffers had been moved for certain. */
    public final long moved() {
        return moved;
    }

    /**
     * Opens the trace of this request on {@code disk} and looks whether the disk can take it. Only a queue calls it,
     * and first.
     *
     * @return 0, or the error number to {@link #end} it with: nothing is read or written outside a disk or written to a
     *     read-only one
     */
    public final int begin(BlockDevice disk) {
        // Until something records, the class of the event is not even loaded: the first of them takes the JVM long.
        if (FlightRecorder.isInitialized() && BlockRequestEvent.PROBE.isEnabled()) {
            trace = trace(disk.name());
        }
        return refusal(disk);
    }

    /** Why {@code disk} cannot take this request, whatever its storage says: an error number, or 0. */
    final int refusal(BlockDevice disk) {
        if (operation == Operation.FLUSH) {
            return 0;
        }
        if (operation.changesDisk() && disk.readOnly()) {
            return Errno.EROFS;
        }
        long size = disk.size();
        long length = length();
        boolean inside = offset >= 0 && offset <= size && length >= 0 && length <= size - offset;
        return inside ? 0 : Errno.EINVAL;
    }

    private BlockRequestEvent trace(String disk) {
        BlockRequestEvent event = new BlockRequestEvent();
        event.disk = disk;
        event.operation = operation.name();
        event.offset = offset;
        event.bytes = length();
        event.begin();
        return event;
    }

    /** Closes the trace and passes the answer on. Only a queue calls it, last and once. */
    public final void end(int errno) {
        end(errno, 0);
    }

    /**
     * Ends a request that did a part of what was asked. See {@link #end(int)}.
     *
     * @param moved how many bytes from the start of the buffers have been moved for certain
     */
    public final void end(int errno, long moved) {
        this.moved = moved;
        BlockRequestEvent event = trace;
        if (event != null) {
            trace = null;
            event.errno = errno;
            event.commit();
        }
        ErrorHandler handler = errorHandler;
        if (handler != null && (errno != 0 || heldError != 0)) {
            handler.ended(this, errno);
        } else {
            completed(errno);
        }
    }

    /** Has failures of what was prepared go to {@code handler} first. */
    final void handleErrors(ErrorHandler handler) {
        errorHandler = handler;
    }

    /** Who decides what becomes of requests that failed. */
    interface ErrorHandler {
        /**
         * Takes the place of {@link #completed}, which it calls now or later, with an error number of its choice.
         *
         * @param errno how it ended; 0 only for a request that has been held
         */
        void ended(BlockRequest request, int errno);
    }
}
