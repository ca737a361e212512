package vmm.block.raw;

import org.jspecify.annotations.Nullable;
import vmm.block.BlockRequest;
import vmm.event.IoCompletion;

/**
 * A slot for a request on its way to a file, used again for others; a queue has as many as were ever in flight at once.
 * On the queue's loop, except that what it waits for may be granted on another, which then posts it.
 */
abstract class FileTask implements IoCompletion, Runnable {
    private final FileQueue queue;
    private @Nullable BlockRequest request;

    /** How many bytes the request had in its buffers when it came. */
    private long bytes;

    /** Of the {@link FileQueue}: those that were started before the disk began to shrink are waited for. */
    private int generation;

    /** Of the {@link FlushGroup}: the next that waits with this one, and how it ended. */
    @Nullable
    FileTask nextFlush;

    int flushErrno;

    private final Runnable flushEnd = this::flushEnded;

    /** Of the {@link RangeLocks}: what is locked or wanted, in bytes, and the next such task. */
    long lockStart;

    long lockEnd;

    @Nullable
    FileTask nextLock;

    private boolean locking;

    FileTask(FileQueue queue) {
        this.queue = queue;
    }

    final FileQueue queue() {
        return queue;
    }

    final RawDisk disk() {
        return queue.disk();
    }

    final BlockRequest request() {
        BlockRequest current = request;
        if (current == null) {
            throw new IllegalStateException("An operation on " + disk().name() + " has completed twice.");
        }
        return current;
    }

    /** Takes a request on and does it, as soon as no overlapping change is under way if it is a change itself. */
    final void start(BlockRequest newRequest) {
        request = newRequest;
        bytes = newRequest.data().bytes();
        generation = queue.started();
        RangeLocks locks = disk().locks();
        locking = locks != null && newRequest.operation().changesDisk();
        if (locks == null || !locking) {
            run();
        } else if (locks.acquire(this, newRequest.offset(), newRequest.offset() + newRequest.length())) {
            run();
        }
    }

    /** Does the request. */
    @Override
    public abstract void run();

    /** Tells how the flush ended that this task asked the {@link FlushGroup} for. */
    abstract void flushed(int errno);

    /** {@link #flushed} with {@link #flushErrno}, for the task's own loop. */
    final Runnable flushEnd() {
        return flushEnd;
    }

    private void flushEnded() {
        flushed(flushErrno);
    }

    /** Lets others change the range already. */
    final void unlock() {
        RangeLocks locks = disk().locks();
        if (locks != null && locking) {
            locking = false;
            locks.release(this);
        }
    }

    /** Ends the request. The slot may have another one when this returns. */
    final void end(int errno) {
        BlockRequest ended = request();
        long moved = bytes - ended.data().bytes();
        unlock();
        request = null;
        recycle();
        queue.ended(generation);
        ended.end(errno, moved);
    }

    /** Gives the slot back to its queue. */
    abstract void recycle();
}
