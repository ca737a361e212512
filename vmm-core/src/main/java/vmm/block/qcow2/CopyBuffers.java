package vmm.block.qcow2;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** A queue's memory for copies of clusters: a few buffers of a cluster's size, so that it has a bound. */
final class CopyBuffers {
    private static final long MOST_BYTES = 8 << 20;
    private static final int FEWEST = 4;
    private static final long ALIGNMENT = 4096;

    private final ArrayDeque<MemorySegment> free = new ArrayDeque<>();
    private final Waiters waiters = new Waiters();
    private final Qcow2Queue queue;
    private final long size;
    private long left;

    CopyBuffers(Qcow2Queue queue) {
        this.queue = queue;
        this.size = queue.image().geometry().clusterSize;
        this.left = Math.clamp(MOST_BYTES / size, FEWEST, 128);
    }

    /** A buffer, or null if {@code waiter} will be resumed to ask again. */
    @Nullable
    MemorySegment take(Waiter waiter) {
        MemorySegment buffer = free.poll();
        if (buffer == null && left > 0) {
            left--;
            buffer = Arena.ofAuto().allocate(size, ALIGNMENT);
        }
        if (buffer == null) {
            waiters.add(waiter);
        }
        return buffer;
    }

    /** Takes a buffer back. */
    void give(MemorySegment buffer) {
        free.push(buffer);
        Waiter waiter = waiters.poll();
        if (waiter != null) {
            waiter.settle(0);
            queue.resume(waiter);
        }
    }
}
