package vmm.event;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import vmm.event.FileOperation.Kind;
import vmm.linux.AioContext;

/**
 * Operations done by the loop's own thread at the end of the iteration in which they were started.
 *
 * <p>Several reads and writes become one io_submit, which does for a file in memory what as many calls of preadv would.
 * (io_uring would hand each of them to a thread of the kernel, since such a file system has no way to say that it will
 * not wait.)
 */
final class ImmediateOperations extends OperationStarter implements AutoCloseable {
    /** The most operations in one system call, so that the first of them do not wait too long for the last. */
    private static final int BATCH = 64;

    private final WorkerLoop loop;
    private final Runnable performer = this::performAll;
    private final @Nullable AioContext aio = AioContext.open(BATCH);

    private FileOperation[] started = {};
    private int startedCount;
    private FileOperation[] running = {};
    private FileOperation[] free = {};
    private int freeCount;

    ImmediateOperations(WorkerLoop loop) {
        this.loop = loop;
    }

    @Override
    FileOperation start() {
        loop.operationStarted();
        FileOperation operation = freeCount > 0 ? free[--freeCount] : new FileOperation();
        if (startedCount == 0) {
            loop.atBatchEnd(performer);
        }
        if (startedCount == started.length) {
            started = Arrays.copyOf(started, grown(startedCount));
        }
        started[startedCount++] = operation;
        return operation;
    }

    private static int grown(int size) {
        return Math.max(2 * size, BATCH);
    }

    private void performAll() {
        FileOperation[] batch = started;
        int count = startedCount;
        started = running;
        running = batch;
        startedCount = 0;
        for (int first = 0; first < count; first += BATCH) {
            perform(batch, first, Math.min(first + BATCH, count));
        }
        // What these start themselves is for the next time.
        for (int i = 0; i < count; i++) {
            FileOperation operation = batch[i];
            int result = operation.result();
            IoCompletion completion = operation.release();
            recycle(operation);
            loop.complete(completion, result);
        }
    }

    /** Does operations {@code first} to {@code end}, exclusive, in their order unless one of them moves no data. */
    private void perform(FileOperation[] batch, int first, int end) {
        int together = aio == null || end - first == 1 ? 0 : submit(aio, batch, first, end);
        for (int i = first; i < end; i++) {
            if (!batch[i].kind().movesData() || batch[i].kind() == Kind.WRITE_STABLE) {
                batch[i].perform();
            } else if (together > 0) {
                together--;
            } else {
                batch[i].perform();
            }
        }
    }

    /** Returns how many reads and writes were done; the kernel may refuse one and with it all that follow. */
    private static int submit(AioContext aio, FileOperation[] batch, int first, int end) {
        for (int i = first; i < end; i++) {
            FileOperation operation = batch[i];
            switch (operation.kind()) {
                case READ -> aio.readv(operation.fd(), operation.data(), operation.offset(), i);
                case WRITE -> aio.writev(operation.fd(), operation.data(), operation.offset(), i);
                case WRITE_STABLE, SYNC, ALLOCATE, DISCARD -> {}
            }
        }
        int done = aio.submit();
        for (int i = 0; i < done; i++) {
            aio.take();
            batch[(int) aio.tag()].setResult(aio.result());
        }
        return done;
    }

    private void recycle(FileOperation operation) {
        if (freeCount == free.length) {
            free = Arrays.copyOf(free, grown(freeCount));
        }
        free[freeCount++] = operation;
    }

    @Override
    public void close() {
        if (aio != null) {
            aio.close();
        }
    }
}
