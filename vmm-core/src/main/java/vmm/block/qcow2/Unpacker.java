package vmm.block.qcow2;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockRequest;
import vmm.linux.Errno;
import vmm.linux.IoVector;

/**
 * Reads compressed clusters for one queue: one after the other, as unpacking takes the thread anyway. Keeps the last
 * one, since who reads a cluster's first part will read the next.
 */
final class Unpacker extends BlockRequest {
    private final Qcow2Queue queue;
    private final Geometry geometry;
    private final ArrayDeque<Job> jobs = new ArrayDeque<>();
    private final ArrayDeque<Job> free = new ArrayDeque<>();
    private @Nullable Decompressor decompressor;
    private MemorySegment packed = MemorySegment.NULL;
    private long packedLength;
    private MemorySegment cluster = MemorySegment.NULL;

    /** The L2 entry of what {@link #cluster} holds; 0 if it holds nothing. */
    private long held;

    /** A part of a compressed cluster that a transfer wants. */
    private static final class Job {
        final IoVector target = new IoVector(16);

        @Nullable
        Transfer transfer;

        long entry;
        long offset;
    }

    Unpacker(Qcow2Queue queue) {
        super(new IoVector(1));
        this.queue = queue;
        this.geometry = queue.image().geometry();
    }

    /**
     * Does the first {@code length} bytes of what is left of {@code transfer}.
     *
     * @param entry the cluster's L2 entry
     * @param offset where in the cluster they are
     */
    void start(Transfer transfer, long entry, long offset, long length) {
        Job job = free.isEmpty() ? new Job() : free.pop();
        job.transfer = transfer;
        job.entry = entry;
        job.offset = offset;
        job.target.clear();
        transfer.data().moveTo(job.target, length);
        jobs.add(job);
        if (jobs.size() == 1) {
            begin(job);
        }
    }

    private void begin(Job job) {
        if (job.entry == held) {
            deliver(0);
            return;
        }
        long offset = L2Entry.compressedOffset(job.entry, geometry.clusterBits);
        long length = L2Entry.compressedLength(job.entry, geometry.clusterBits);
        // The last sector need not be there as a whole.
        long there = Math.min(length, queue.image().file().size() - offset);
        if (there <= 0) {
            deliver(Errno.EIO);
            return;
        }
        packed = queue.grow(packed, there);
        packedLength = there;
        data().clear();
        data().add(packed.address(), there);
        prepare(Operation.READ, offset);
        queue.file().submit(this);
    }

    @Override
    public void completed(int errno) {
        Job job = jobs.element();
        int outcome = errno;
        if (errno == 0) {
            held = 0;
            cluster = queue.grow(cluster, geometry.clusterSize);
            outcome = unpack() ? 0 : Errno.EIO;
            held = outcome == 0 ? job.entry : 0;
        }
        deliver(outcome);
    }

    private boolean unpack() {
        Decompressor chosen = decompressor;
        if (chosen == null) {
            chosen = Decompressor.of(queue.image().header().compression());
            decompressor = chosen;
        }
        return chosen.unpack(packed.asSlice(0, packedLength), cluster.asSlice(0, geometry.clusterSize));
    }

    private void deliver(int errno) {
        Job job = jobs.element();
        Transfer transfer = job.transfer;
        if (transfer == null) {
            throw new IllegalStateException("A cluster was unpacked for nobody.");
        }
        if (errno == 0) {
            job.target.copyFrom(cluster, job.offset);
        }
        jobs.remove();
        job.transfer = null;
        free.push(job);
        transfer.pieceEnded(errno);
        Job next = jobs.peek();
        if (next != null) {
            begin(next);
        }
    }
}
