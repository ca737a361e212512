package vmm.block.qcow2;

import org.jspecify.annotations.Nullable;
import vmm.block.BlockQueue;
import vmm.block.BlockRequest;
import vmm.block.BlockRequest.Operation;
import vmm.linux.Errno;
import vmm.linux.IoVector;

/**
 * A request on its way through an image: walks over the extents that it touches and starts a piece of I/O for each, so
 * that they are under way together. Belongs to a queue, which uses it again.
 */
final class Transfer extends Waiter {
    /** Enough for a disk to work on; more would only take memory. */
    private static final int MOST_PIECES = 16;

    /** The most zeros that one step writes. */
    private static final long MOST_ZEROS = 4 << 20;

    private final Image image;
    private final Extent extent = new Extent();
    private final Clearing.Step step = new Clearing.Step();

    /** Zeros to be written, or buffers to be zeroed. */
    private final IoVector zeros = new IoVector(16);

    private @Nullable BlockRequest request;
    private Operation operation = Operation.FLUSH;

    /** How far the walk has come, */
    private long at;

    /** where it ends, */
    private long end;

    /** and up to where zeros have to be written on the way. */
    private long zeroEnd;

    private int underWay;
    private int errno;
    private int age;
    private boolean walking;
    private boolean waiting;

    /** True if what is written has to be on stable storage in the end. */
    private boolean stable;

    /** True if the tables, or the file, have to be flushed behind what was written. */
    private boolean flushes;

    /** The next one that is free. */
    @Nullable
    Transfer nextFree;

    Transfer(Qcow2Queue queue) {
        super(queue);
        this.image = queue.image();
    }

    void start(BlockRequest request, int age) {
        this.request = request;
        this.age = age;
        operation = request.operation();
        at = request.offset();
        end = at + request.length();
        zeroEnd = at;
        errno = 0;
        flushes = operation == Operation.FLUSH;
        stable = operation.changesDisk() && (request.mustBeStable() || queue.writesThrough());
        if (flushes) {
            end = at;
        }
        walk();
    }

    /** The buffers that are left: those from the place on that the walk has reached. */
    IoVector data() {
        return operation == Operation.WRITE_ZEROES ? zeros : current().data();
    }

    private BlockRequest current() {
        BlockRequest current = request;
        if (current == null) {
            throw new IllegalStateException("A transfer goes on that has ended.");
        }
        return current;
    }

    /** Goes on as far as it can. */
    private void walk() {
        walking = true;
        while (at < end && errno == 0 && !waiting && underWay < MOST_PIECES) {
            switch (operation) {
                case READ -> read();
                case WRITE -> write(end);
                case DISCARD, WRITE_ZEROES -> {
                    if (at < zeroEnd) {
                        write(zeroEnd);
                    } else {
                        clear();
                    }
                }
                case FLUSH -> throw new IllegalStateException("A flush has no range.");
            }
        }
        if (underWay == 0 && !waiting && (at == end || errno != 0)) {
            finish();
        }
        walking = false;
    }

    /** Takes the outcome of a step that may have to wait; true if there is nothing to wait for. */
    private boolean proceeds(int outcome) {
        waiting = outcome == WAITING;
        if (outcome > 0) {
            fail(outcome);
        }
        // Whoever wakes this transfer within finds it walking, and leaves the rest to the walk.
        queue.afterLock();
        return outcome == 0;
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

    private boolean found(long limit) {
        boolean found = image.map().find(at, limit - at, extent);
        if (!found) {
            proceeds(image.load(at, this));
        }
        return found;
    }

    private void read() {
        if (!found(end)) {
            return;
        }
        long from = at;
        long length = extent.length;
        at += length;
        switch (extent.kind) {
            case DATA -> piece(Operation.READ, queue.file(), extent.host, length, false);
            case ZERO -> zero(length);
            case UNALLOCATED -> readBacking(from, length);
            case COMPRESSED -> {
                underWay++;
                queue.unpacker().start(this, extent.entry, from & image.geometry().clusterMask, length);
            }
            case INVALID -> proceeds(image.corrupted("the L2 entry for offset " + from));
        }
    }

    private void zero(long length) {
        zeros.clear();
        data().moveTo(zeros, length);
        zeros.zero();
    }

    /** A backing disk that is shorter reads as zeros beyond its end. */
    private void readBacking(long from, long length) {
        BlockQueue backing = queue.backing();
        long there = backing == null ? 0 : Math.clamp(image.backingSize() - from, 0, length);
        if (backing != null && there > 0) {
            piece(Operation.READ, backing, from, there, false);
        }
        if (there < length) {
            zero(length - there);
        }
    }

    private void write(long limit) {
        if (!found(limit)) {
            return;
        }
        if (extent.kind == Extent.Kind.DATA && extent.writable) {
            if (image.isWritable()) {
                at += extent.length;
                // What leads there has to be on stable storage, too: it is, if all of the tables is.
                boolean clean = image.isClean();
                flushes |= stable && !clean;
                piece(Operation.WRITE, queue.file(), extent.host, extent.length, stable && clean);
            } else {
                fail(Errno.EIO);
            }
            return;
        }
        Allocation allocation = queue.allocation();
        if (!proceeds(image.plan(at, limit - at, this, allocation)) || allocation.length == 0) {
            queue.free(allocation);
            return;
        }
        flushes |= stable;
        underWay++;
        at += allocation.length;
        allocation.start(this);
    }

    private void clear() {
        Clearing.Aim aim = operation == Operation.DISCARD
                ? Clearing.Aim.DISCARD
                : current().mayUnmap() && queue.unmaps() ? Clearing.Aim.UNMAP : Clearing.Aim.ZERO;
        if (!proceeds(image.clear(at, end - at, aim, this, step))) {
            return;
        }
        if (step.write) {
            zeroEnd = at + Math.min(step.length, MOST_ZEROS);
            zeros.clear();
            Zeros.addTo(zeros, zeroEnd - at);
        } else {
            at += step.length;
            flushes |= stable;
        }
    }

    private void piece(Operation kind, BlockQueue target, long offset, long length, boolean stable) {
        underWay++;
        queue.piece().start(this, kind, target, offset, length, stable);
    }

    /** A piece has ended; may run before its start returns. */
    void pieceEnded(int failure) {
        underWay--;
        fail(failure);
        if (!walking && !waiting) {
            walk();
        }
    }

    /** Does not look at the mapping any more. */
    private void leave() {
        if (age != Qcow2Queue.AGELESS) {
            int left = age;
            age = Qcow2Queue.AGELESS;
            queue.leave(left);
        }
    }

    private void finish() {
        if (flushes && errno == 0) {
            flushes = false;
            leave();
            int outcome = image.flush(this);
            if (outcome == 0) {
                piece(Operation.FLUSH, queue.file(), 0, 0, false);
            } else {
                proceeds(outcome);
            }
            if (underWay > 0 || waiting) {
                return;
            }
        }
        BlockRequest done = current();
        request = null;
        leave();
        queue.free(this);
        done.end(errno);
    }
}
