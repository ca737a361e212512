package vmm.block.qcow2;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import vmm.block.BlockDevice;
import vmm.block.BlockQueue;
import vmm.block.BlockRequest;
import vmm.event.SteppedEventLoop;
import vmm.linux.IoVector;

/**
 * I/O that waits for its end, for opening, closing and resizing: the calling thread steps an event loop of its own.
 * Belongs to the thread that made it.
 */
final class WaitingIo implements AutoCloseable {
    private static final long PAUSE_NANOS = 20_000;

    private final SteppedEventLoop loop = new SteppedEventLoop();
    private final BlockQueue queue;
    private final LongSupplier size;

    WaitingIo(BlockDevice device) {
        this.queue = device.openQueue(loop);
        this.size = device::size;
    }

    /** The loop that this thread steps while it waits. */
    SteppedEventLoop loop() {
        return loop;
    }

    /**
     * Fills {@code target} with what the file holds from {@code offset} on, and with zeros beyond its end.
     *
     * @return 0, or a positive error number
     */
    int read(long offset, MemorySegment target) {
        long there = Math.clamp(size.getAsLong() - offset, 0, target.byteSize());
        target.asSlice(there).fill((byte) 0);
        return there == 0 ? 0 : transfer(BlockRequest.Operation.READ, offset, target.asSlice(0, there));
    }

    /**
     * Writes {@code source} to the file, which is large enough.
     *
     * @return 0, or a positive error number
     */
    int write(long offset, MemorySegment source) {
        return transfer(BlockRequest.Operation.WRITE, offset, source);
    }

    /** Brings what was written to stable storage; returns 0, or a positive error number. */
    int flush() {
        Answer request = new Answer();
        request.prepare(BlockRequest.Operation.FLUSH, 0);
        return run(request);
    }

    /** Discards or zeroes a range; returns 0, or a positive error number. */
    int clear(BlockRequest.Operation operation, long offset, long length, boolean unmap) {
        Answer request = new Answer();
        request.prepareRange(operation, offset, length, unmap);
        return run(request);
    }

    private int transfer(BlockRequest.Operation operation, long offset, MemorySegment memory) {
        Answer request = new Answer();
        request.data().add(memory.address(), memory.byteSize());
        request.prepare(operation, offset);
        return run(request);
    }

    private int run(Answer request) {
        queue.submit(request);
        await(() -> request.answered);
        return request.errno;
    }

    /** Steps the loop until {@code condition} holds. */
    void await(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            if (!loop.step()) {
                LockSupport.parkNanos(PAUSE_NANOS); // It is somebody else's turn: another loop's, or a server's.
            }
        }
    }

    @Override
    public void close() {
        loop.close();
    }

    /** Memory for such I/O, aligned as direct I/O wants it. */
    static MemorySegment buffer(Arena arena, long size) {
        return arena.allocate(size, 4096);
    }

    /** A request that only remembers its answer. */
    static final class Answer extends BlockRequest {
        boolean answered;
        int errno;

        Answer() {
            super(new IoVector(1));
        }

        @Override
        public void completed(int errno) {
            this.errno = errno;
            answered = true;
        }
    }
}
