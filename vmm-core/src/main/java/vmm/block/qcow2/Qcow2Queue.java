package vmm.block.qcow2;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockDevice;
import vmm.block.BlockOptions;
import vmm.block.BlockOptions.Cache;
import vmm.block.BlockQueue;
import vmm.block.BlockRequest;
import vmm.block.BlockRequest.Operation;
import vmm.block.ExtentQuery;
import vmm.event.EventLoop;

/** One loop's way to an image, with all that its requests need, so that they make no objects. Loop thread only. */
final class Qcow2Queue implements BlockQueue {
    /** The age of what does not look at the mapping by itself. */
    static final int AGELESS = -1;

    private static final long ALIGNMENT = 4096;
    private static final VarHandle COUNTS = MethodHandles.arrayElementVarHandle(int[].class);

    private final BlockDevice disk;
    private final Image image;
    private final EventLoop loop;
    private final BlockQueue file;
    private final @Nullable BlockQueue backing;
    private final boolean unmaps;
    private final boolean writesThrough;
    private final Unpacker unpacker;
    private final CopyBuffers copyBuffers;
    private final Commit commit;
    private final ArrayDeque<SliceRead> freeReads = new ArrayDeque<>();
    private final ArrayDeque<Allocation> freeAllocations = new ArrayDeque<>();
    private @Nullable Transfer freeTransfers;
    private @Nullable Piece freePieces;

    /** How many requests of even and of odd ages are under way. Read by others. */
    private final int[] requests = new int[2];

    /** What this queue has to start when it has left the image's lock. */
    private final ArrayDeque<Deferred> deferred = new ArrayDeque<>();

    /** Operations of any queue that go on when this one has left the image's lock. */
    final Waiters woken = new Waiters();

    /** Operations of this queue that go on. */
    private final Waiters ready = new Waiters();

    private boolean resuming;

    Qcow2Queue(BlockDevice disk, BlockOptions options, Image image, EventLoop loop) {
        this.disk = disk;
        this.image = image;
        this.loop = loop;
        this.file = image.file().openQueue(loop);
        BlockDevice behind = image.backing();
        this.backing = behind == null ? null : behind.openQueue(loop);
        this.unmaps = options.unmap();
        this.writesThrough = options.cache() == Cache.WRITETHROUGH;
        this.unpacker = new Unpacker(this);
        this.copyBuffers = new CopyBuffers(this);
        this.commit = new Commit(this);
    }

    @Override
    public void submit(BlockRequest request) {
        int errno = request.begin(disk);
        if (errno != 0 || (request.operation() == Operation.DISCARD && !unmaps)) {
            request.end(errno);
            return;
        }
        transfer().start(request, request.operation() == Operation.FLUSH ? AGELESS : enter());
    }

    @Override
    public void query(ExtentQuery query) {
        new ExtentLookup(this, query).run();
    }

    /** Does a read that is a part of another request. */
    void submitInside(BlockRequest request) {
        transfer().start(request, AGELESS);
    }

    private Transfer transfer() {
        Transfer transfer = freeTransfers;
        if (transfer == null) {
            return new Transfer(this);
        }
        freeTransfers = transfer.nextFree;
        return transfer;
    }

    /** Begins a request that looks at the mapping; returns its age. */
    private int enter() {
        Reclaimer reclaimer = image.reclaimer();
        while (true) {
            int age = reclaimer.age();
            add(age & 1, 1);
            // Before the mapping is looked at, and before the age is: it may just be ending.
            VarHandle.fullFence();
            if (reclaimer.age() == age) {
                return age & 1;
            }
            add(age & 1, -1);
        }
    }

    private void add(int age, int change) {
        COUNTS.setRelease(requests, age, requests[age] + change);
    }

    /** Ends a request that looked at the mapping. */
    void leave(int age) {
        add(age, -1);
        if (requests[age] == 0 && image.reclaimer().isEnding()) {
            image.reclaim(this);
        }
    }

    /** How many requests of an age, even or odd, are under way. Any thread. */
    int requestsOf(int age) {
        return (int) COUNTS.getAcquire(requests, age);
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

    /** True if discards are done. */
    boolean unmaps() {
        return unmaps;
    }

    /** True if a write is on stable storage when it ends. */
    boolean writesThrough() {
        return writesThrough;
    }

    Unpacker unpacker() {
        return unpacker;
    }

    CopyBuffers copyBuffers() {
        return copyBuffers;
    }

    Commit commit() {
        return commit;
    }

    Reclaim newReclaim() {
        return new Reclaim(this);
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

    Allocation allocation() {
        return freeAllocations.isEmpty() ? new Allocation(this) : freeAllocations.pop();
    }

    void free(Allocation allocation) {
        freeAllocations.push(allocation);
    }

    SliceRead sliceRead() {
        return freeReads.isEmpty() ? new SliceRead(this) : freeReads.pop();
    }

    void free(SliceRead read) {
        freeReads.push(read);
    }

    /** Notes what this queue is to start. With the image's lock. */
    void startLater(Deferred operation) {
        deferred.add(operation);
    }

    /** Does what was put off while this thread had the image's lock. */
    void afterLock() {
        if (image.takeMark()) {
            new CorruptMark().start(this);
        }
        for (Deferred operation = deferred.poll(); operation != null; operation = deferred.poll()) {
            operation.start(this);
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
