package vmm.block.qcow2;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockRequest;
import vmm.linux.IoVector;

/**
 * A part of a write that goes where the disk's mapping does not lead yet: to clusters just reserved, or to ones that
 * belong to the disk but do not show. What the write does not cover is copied first, then all is written, and only when
 * that has ended does the mapping lead there. Belongs to a queue, which uses it again.
 */
final class Allocation extends Waiter {
    // The plan, made by AllocationPlanner.

    /** Where on the disk the data goes. */
    long guest;

    /** How much of it there is. */
    long length;

    /** What is written and copied begins here on the disk, at {@link #guest} or before, */
    long from;

    /** and ends here, exclusive. */
    long to;

    /** True if what is copied before the data is not just zeros. */
    boolean readsHead;

    /** True if what is copied behind the data is not just zeros. */
    boolean readsTail;

    /** Where in the file the cluster that {@link #guest} lies in will be. */
    long host;

    /** How many clusters there are, one after the other on the disk and in the file. */
    int clusters;

    /** True if the clusters were free, false if they have been the disk's already. */
    boolean isNew;

    /** True if the file is known to hold zeros there. */
    boolean untouched;

    /** The entries that will be changed; pinned. */
    @Nullable
    Slice mapping;

    /** The refcounts that will be changed; pinned. */
    @Nullable
    Slice refcounts;

    /** Operations on the same clusters. */
    final Waiters waiters = new Waiters();

    private final Copy head = new Copy();
    private final Copy tail = new Copy();
    private final Write write = new Write();
    private final IoVector payload = new IoVector(16);
    private @Nullable Transfer transfer;
    private @Nullable MemorySegment buffer;

    Allocation(Qcow2Queue queue) {
        super(queue);
    }

    /** The disk's offset at which the clusters begin. */
    long firstCluster() {
        return queue.image().geometry().clusterStart(guest);
    }

    /** The disk's offset at which they end. */
    long endOfClusters() {
        return firstCluster() + ((long) clusters << queue.image().geometry().clusterBits);
    }

    /** Does what was planned with the first bytes of what is left of {@code transfer}. */
    void start(Transfer transfer) {
        this.transfer = transfer;
        payload.clear();
        transfer.data().moveTo(payload, length);
        if (readsHead || readsTail) {
            resume(0);
        } else {
            write.start();
        }
    }

    /** There may be a buffer for copies now. */
    @Override
    void resume(int errno) {
        buffer = queue.copyBuffers().take(this);
        if (buffer != null) {
            copyHead();
        }
    }

    private void copyHead() {
        if (readsHead) {
            head.start(from, guest - from, 0);
        } else {
            copyTail();
        }
    }

    private void copyTail() {
        if (readsTail) {
            tail.start(guest + length, to - guest - length, guest - from);
        } else {
            write.start();
        }
    }

    private MemorySegment buffer() {
        MemorySegment current = buffer;
        if (current == null) {
            throw new IllegalStateException("A copy is made to nowhere.");
        }
        return current;
    }

    private void end(int errno) {
        MemorySegment used = buffer;
        if (used != null) {
            buffer = null;
            queue.copyBuffers().give(used);
        }
        int outcome = queue.image().finish(this, errno);
        Transfer owner = transfer;
        if (owner == null) {
            throw new IllegalStateException("An allocation has ended twice.");
        }
        transfer = null;
        queue.afterLock();
        queue.free(this);
        owner.pieceEnded(outcome);
    }

    /** Reads what the disk has before or behind the data. */
    private final class Copy extends BlockRequest {
        Copy() {
            super(new IoVector(1));
        }

        void start(long offset, long length, long at) {
            // Beyond the end of the disk there is nothing to copy.
            long there = Math.clamp(queue.image().size() - offset, 0, length);
            MemorySegment target = buffer().asSlice(at, length);
            target.asSlice(there).fill((byte) 0);
            data().clear();
            data().add(target.address(), there);
            prepare(Operation.READ, offset);
            queue.submitInside(this);
        }

        @Override
        public void completed(int errno) {
            if (errno != 0) {
                Allocation.this.end(errno);
            } else if (this == head) {
                copyTail();
            } else {
                write.start();
            }
        }
    }

    /** Writes copies and data at once. */
    private final class Write extends BlockRequest {
        Write() {
            super(new IoVector(32));
        }

        void start() {
            long start = from;
            data().clear();
            if (readsHead) {
                data().append(buffer().address(), guest - from);
            } else if (untouched) {
                start = guest;
            } else {
                Zeros.addTo(data(), guest - from);
            }
            payload.moveTo(data(), length);
            if (readsTail) {
                data().append(buffer().address() + guest - from, to - guest - length);
            } else if (!untouched) {
                Zeros.addTo(data(), to - guest - length);
            }
            prepare(Operation.WRITE, host + start - firstCluster());
            queue.file().submit(this);
        }

        @Override
        public void completed(int errno) {
            Allocation.this.end(errno);
        }
    }
}
