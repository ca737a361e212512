package vmm.block.qcow2;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockQueue;
import vmm.block.BlockRequest;
import vmm.event.EventLoop;

/** One loop's way to an image, with all that its requests need, so that they make no objects. Loop thread only. */
final class Qcow2Queue implements BlockQueue {
    private static final long ALIGNMENT = 4096;

    private final Qcow2Disk disk;
    private final Image image;
    private final EventLoop loop;
    private final BlockQueue file;
    private final @Nullable BlockQueue backing;
    private @Nullable Transfer freeTransfers;
    private @Nullable Piece freePieces;
    private final ArrayDeque<SliceRead> freeReads = new ArrayDeque<>();
    private final Unpacker unpacker;

    /** Loads that this queue has to start when it has left the image's lock. */
    private final ArrayDeque<SliceLoad> loads = new ArrayDeque<>();

    /** Operations of any queue that go on when this one has left the image's lock. */
    final Waiter.List woken = new Waiter.List();

    /** Operations of this queue that go on. */
    private final Waiter.List ready = new Waiter.List();

    private boolean resuming;

    Qcow2Queue(Qcow2Disk disk, Image image, EventLoop loop) {
        this.disk = disk;
        this.image = image;
        this.loop = loop;
        this.file = image.file().openQueue(loop);
        var behind = image.backing();
        this.backing = behind == null ? null : behind.openQueue(loop);
        this.unpacker = new Unpacker(this);
    }

    @Override
    public void submit(BlockRequest request) {
        int errno = request.begin(disk);
        boolean nothing = request.operation() == BlockRequest.Operation.FLUSH || request.length() == 0;
        if (errno != 0 || nothing) {
            request.end(errno);
            return;
        }
        Transfer transfer = freeTransfers;
        if (transfer == null) {
            transfer = new Transfer(this);
        } else {
            freeTransfers = transfer.nextFree;
        }
        transfer.start(request);
    }

    Image image() {
        return image;
    }

    BlockQueue file() {
        return file;
    }

    @Nullable
    BlockQueue backing() {
        return backing;
    }

    void free(Transfer transfer) {
        transfer.nextFree = freeTransfers;
        freeTransfers = transfer;
    }

    Piece piece() {
        Piece piece = freePieces;
        if (piece == null) {
            return new Piece(this);
        }
        freePieces = piece.next;
        return piece;
    }

    void free(Piece piece) {
        piece.next = freePieces;
        freePieces = piece;
    }

    void free(SliceRead read) {
        freeReads.push(read);
    }

    Unpacker unpacker() {
        return unpacker;
    }

    /** Notes that {@code load} is to be started by this queue. With the image's lock. */
    void startLater(SliceLoad load) {
        loads.add(load);
    }

    /** Does what was put off while this thread had the image's lock. */
    void afterLock() {
        for (SliceLoad load = loads.poll(); load != null; load = loads.poll()) {
            SliceRead read = freeReads.poll();
            (read == null ? new SliceRead(this) : read).start(load);
        }
        for (Waiter waiter = woken.poll(); waiter != null; waiter = woken.poll()) {
            if (waiter.queue.loop.inLoop()) {
                waiter.queue.resume(waiter);
            } else {
                waiter.queue.loop.post(waiter);
            }
        }
    }

    /** Lets an operation of this queue go on: now, or after the one that is going on now. */
    void resume(Waiter waiter) {
        ready.add(waiter);
        if (resuming) {
            return;
        }
        resuming = true;
        for (Waiter one = ready.poll(); one != null; one = ready.poll()) {
            one.resume();
        }
        resuming = false;
    }

    /** {@code buffer}, or a larger one in its place, so that {@code size} bytes fit. Its content is lost. */
    MemorySegment grow(MemorySegment buffer, long size) {
        return buffer.byteSize() >= size ? buffer : Arena.ofAuto().allocate(size, ALIGNMENT);
    }
}
