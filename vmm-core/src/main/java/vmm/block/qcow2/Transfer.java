package vmm.block.qcow2;

import org.jspecify.annotations.Nullable;
import vmm.block.BlockRequest;
import vmm.linux.IoVector;

/**
 * A request on its way through an image: walks over the extents that it touches and starts a piece of I/O for each, so
 * that they are under way together. Belongs to a queue, which uses it again.
 */
final class Transfer extends Waiter {
    /** Enough for a disk to work on; more would only take memory. */
    private static final int MOST_PIECES = 16;

    private final Extent extent = new Extent();
    private final IoVector zeros = new IoVector(16);
    private @Nullable BlockRequest request;
    private long at;
    private long end;
    private int underWay;
    private int errno;
    private boolean walking;
    private boolean waiting;

    /** The next one that is free. */
    @Nullable
    Transfer nextFree;

    Transfer(Qcow2Queue queue) {
        super(queue);
    }

    void start(BlockRequest request) {
        this.request = request;
        at = request.offset();
        end = at + request.length();
        underWay = 0;
        errno = 0;
        walk();
    }

    /** The buffers that are left: those from the place on that the walk has reached. */
    IoVector data() {
        return current().data();
    }

    private BlockRequest current() {
        BlockRequest current = request;
        if (current == null) {
            throw new IllegalStateException("A transfer goes on that has ended.");
        }
        return current;
    }

    private void walk() {
        walking = true;
        while (at < end && errno == 0 && !waiting && underWay < MOST_PIECES) {
            if (queue.image().map().find(at, end - at, extent)) {
                read();
            } else {
                load();
            }
        }
        walking = false;
        if (underWay == 0 && !waiting && (at == end || errno != 0)) {
            finish();
        }
    }

    private void load() {
        int outcome = queue.image().load(at, this);
        if (outcome == WAITING) {
            waiting = true;
            queue.afterLock();
        } else if (outcome != 0) {
            errno = outcome;
        }
    }

    @Override
    void resume(int failure) {
        waiting = false;
        fail(failure);
        if (!walking) {
            walk();
        }
    }

    private void fail(int failure) {
        if (errno == 0) {
            errno = failure;
        }
    }

    private void read() {
        long from = at;
        long length = extent.length;
        at += length;
        switch (extent.kind) {
            case DATA -> {
                underWay++;
                queue.piece().start(this, BlockRequest.Operation.READ, queue.file(), extent.host, length);
            }
            case ZERO -> zero(length);
            case UNALLOCATED -> readBacking(from, length);
            case COMPRESSED -> {
                underWay++;
                queue.unpacker().start(this, extent.entry, from & queue.image().geometry().clusterMask, length);
            }
            case INVALID -> fail(queue.image().corrupted("the L2 entry for offset " + from));
        }
    }

    private void zero(long length) {
        zeros.clear();
        data().moveTo(zeros, length);
        zeros.zero();
    }

    /** A backing disk that is shorter reads as zeros beyond its end. */
    private void readBacking(long from, long length) {
        var backing = queue.backing();
        long there = backing == null ? 0 : Math.clamp(queue.image().backingSize() - from, 0, length);
        if (backing != null && there > 0) {
            underWay++;
            queue.piece().start(this, BlockRequest.Operation.READ, backing, from, there);
        }
        if (there < length) {
            zero(length - there);
        }
    }

    /** A piece has ended; may run before its start returns. */
    void pieceEnded(int failure) {
        underWay--;
        fail(failure);
        if (!walking && !waiting) {
            walk();
        }
    }

    private void finish() {
        BlockRequest done = current();
        request = null;
        queue.free(this);
        done.end(errno);
    }
}
