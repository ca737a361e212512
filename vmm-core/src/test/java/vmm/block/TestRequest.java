package vmm.block;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import vmm.event.EventLoop;
import vmm.linux.IoVector;

/** A request with its own memory, cut into pieces as a guest might. */
public class TestRequest extends BlockRequest {
    public static final int NOT_YET = -1;

    public final MemorySegment memory;
    private final long size;
    public volatile int errno = NOT_YET;

    public TestRequest(long size) {
        this(size, Arena.ofAuto().allocate(Math.max(size, 1), 512));
    }

    private TestRequest(long size, MemorySegment memory) {
        super(vectorOf(size, memory));
        this.size = size;
        this.memory = memory;
    }

    private static IoVector vectorOf(long size, MemorySegment memory) {
        IoVector vector = new IoVector(2000);
        vector.add(memory.address(), size);
        return vector;
    }

    /** Cuts the memory into random pieces, which are in the order of the disk but not all of a size. */
    public void scatter(Random random, int pieces) {
        long left = data().bytes();
        long at = memory.address();
        data().clear();
        for (int i = 1; i < pieces && left > 1; i++) {
            long piece = random.nextLong(1, left);
            data().add(at, piece);
            at += piece;
            left -= piece;
        }
        data().add(at, left);
    }

    @Override
    public void completed(int errno) {
        if (this.errno != NOT_YET) {
            throw new IllegalStateException("The request was answered twice.");
        }
        this.errno = errno;
    }

    public static TestRequest read(long offset, long size) {
        TestRequest request = new TestRequest(size);
        request.prepare(Operation.READ, offset);
        return request;
    }

    public static TestRequest write(long offset, byte[] bytes) {
        TestRequest request = new TestRequest(bytes.length);
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, request.memory, 0, bytes.length);
        request.prepare(Operation.WRITE, offset);
        return request;
    }

    public static TestRequest flush() {
        TestRequest request = new TestRequest(0);
        request.prepare(Operation.FLUSH, 0);
        return request;
    }

    public static TestRequest range(Operation operation, long offset, long length, boolean unmap) {
        TestRequest request = new TestRequest(0);
        request.prepareRange(operation, offset, length, unmap);
        return request;
    }

    /** The bytes that were read, or are to be written. */
    public byte[] bytes() {
        return memory.asSlice(0, size).toArray(ValueLayout.JAVA_BYTE);
    }

    /** Submits on the loop and waits; returns the error number. */
    public int run(EventLoop loop, BlockQueue queue) {
        loop.post(() -> queue.submit(this));
        return await();
    }

    public int await() {
        long end = System.nanoTime() + 20_000_000_000L;
        while (errno == NOT_YET) {
            if (System.nanoTime() > end) {
                throw new AssertionError("No answer.");
            }
            Thread.onSpinWait();
        }
        return errno;
    }
}
