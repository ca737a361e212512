package vmm.block.raw;

import java.util.ArrayDeque;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockQueue;
import vmm.block.BlockRequest;
import vmm.block.ExtentQuery;
import vmm.block.ExtentQuery.State;
import vmm.event.EventLoop;
import vmm.event.FileOperations;
import vmm.event.IoCompletion;
import vmm.linux.DirectIo;
import vmm.linux.Errno;
import vmm.linux.FileIo;

/** Requests to a file from one loop. On the loop's thread, unless a method says otherwise. */
final class FileQueue implements BlockQueue {
    private final RawDisk disk;
    private final EventLoop loop;
    private final Runnable flushLeader = this::leadFlush;
    private final IoCompletion syncEnd = this::syncEnded;
    private final ArrayDeque<Transfer> transfers = new ArrayDeque<>();
    private final ArrayDeque<BouncedTransfer> bouncedTransfers = new ArrayDeque<>();
    private final ArrayDeque<RangeChange> rangeChanges = new ArrayDeque<>();
    private final ArrayDeque<Flush> flushes = new ArrayDeque<>();
    private @Nullable FileOperations operations;
    private @Nullable BounceBuffers buffers;

    /** How many requests are in flight that were started in even and in odd generations. */
    private final int[] inFlight = new int[2];

    private int generation;
    private @Nullable CountDownLatch drained;

    FileQueue(RawDisk disk, EventLoop loop) {
        this.disk = disk;
        this.loop = loop;
    }

    @Override
    public void submit(BlockRequest request) {
        int errno = request.begin(disk);
        boolean flush = request.operation() == BlockRequest.Operation.FLUSH;
        if (errno != 0 || (flush ? disk.readOnly() : request.length() == 0)) {
            request.end(errno);
            return;
        }
        taskFor(request).start(request);
    }

    /** Asks the file system, in this thread: what it looks up is in memory as a rule. */
    @Override
    public void query(ExtentQuery query) {
        long from = query.offset();
        long data = FileIo.nextData(disk.fd(), from);
        if (data == -Errno.ENXIO) {
            query.answer(State.DEALLOCATED, query.length());
        } else if (data > from) {
            query.answer(State.DEALLOCATED, data - from);
        } else {
            long hole = data < 0 ? 0 : FileIo.nextHole(disk.fd(), from);
            query.answer(State.ALLOCATED, hole > from ? hole - from : query.length());
        }
    }

    private FileTask taskFor(BlockRequest request) {
        return switch (request.operation()) {
            case READ, WRITE -> {
                DirectIo direct = disk.directIo();
                yield direct == null || direct.accepts(request.data(), request.offset())
                        ? transfers.isEmpty() ? new Transfer(this) : transfers.pop()
                        : bouncedTransfers.isEmpty() ? new BouncedTransfer(this, direct) : bouncedTransfers.pop();
            }
            case FLUSH -> flushes.isEmpty() ? new Flush(this) : flushes.pop();
            case DISCARD, WRITE_ZEROES -> rangeChanges.isEmpty() ? new RangeChange(this) : rangeChanges.pop();
        };
    }

    void recycle(Transfer transfer) {
        transfers.push(transfer);
    }

    void recycle(BouncedTransfer transfer) {
        bouncedTransfers.push(transfer);
    }

    void recycle(RangeChange change) {
        rangeChanges.push(change);
    }

    RawDisk disk() {
        return disk;
    }

    EventLoop loop() {
        return loop;
    }

    /** The engine's way into the kernel. */
    FileOperations operations() {
        FileOperations known = operations;
        if (known == null) {
            known = disk.engine().of(loop);
            operations = known;
        }
        return known;
    }

    BounceBuffers buffers() {
        BounceBuffers known = buffers;
        if (known == null) {
            known = new BounceBuffers();
            buffers = known;
        }
        return known;
    }

    /** Counts a request, until {@link #ended} is called with the number that this returns. */
    int started() {
        inFlight[generation & 1]++;
        return generation;
    }

    void ended(int startedIn) {
        int left = --inFlight[startedIn & 1];
        CountDownLatch waiter = drained;
        if (waiter != null && left == 0 && startedIn != generation) {
            drained = null;
            waiter.countDown();
        }
    }

    /** Counts {@code waiter} down when all requests have ended that are in flight now; one at a time. */
    void drain(CountDownLatch waiter) {
        generation++;
        if (inFlight[generation - 1 & 1] == 0) {
            waiter.countDown();
        } else {
            drained = waiter;
        }
    }

    /** Starts an fdatasync for the {@link FlushGroup}. */
    void sync() {
        operations().fdatasync(disk.fd(), syncEnd);
    }

    private void syncEnded(int result) {
        disk.flushes().ended(this, result);
    }

    /** Begins a flush, as a message to the loop. */
    Runnable flushLeader() {
        return flushLeader;
    }

    private void leadFlush() {
        disk.flushes().lead(this);
    }

    /** A request that everything written be brought to stable storage. */
    private static final class Flush extends FileTask {
        Flush(FileQueue queue) {
            super(queue);
        }

        @Override
        public void run() {
            disk().flushes().flush(this);
        }

        @Override
        void flushed(int errno) {
            end(errno);
        }

        @Override
        public void completed(int result) {
            throw new IllegalStateException("A flush is told its end by the group.");
        }

        @Override
        void recycle() {
            queue().flushes.push(this);
        }
    }
}
