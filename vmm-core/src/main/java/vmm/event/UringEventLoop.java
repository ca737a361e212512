package vmm.event;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import vmm.event.FileOperation.Kind;
import vmm.linux.Errno;
import vmm.linux.EventFd;
import vmm.linux.IoUring;
import vmm.linux.IoVector;

/**
 * An event loop on a thread of its own that waits in one io_uring.
 *
 * <p>Watched eventfds are multishot polls, which report each signal as an edge, so their counts need not be read. (A
 * source that was signalled under an earlier watch may therefore run the handler of a new one once at its start.)
 * Messages arrive by an eventfd that is watched like any other. Nothing is allocated for a file operation once as many
 * were in flight before.
 */
final class UringEventLoop extends WorkerLoop {
    /** Operations handed over in one batch; more of them wait for the next. */
    private static final int BATCH = 256;

    private static final long RETRY_NANOS = 100_000;

    private final IoUring ring;
    private final Map<EventFd, UringOperation> watches = new HashMap<>();
    private final List<UringOperation> operations = new ArrayList<>();
    private final UringOperation.Queue free = new UringOperation.Queue();
    private final UringOperation.Queue unsubmitted = new UringOperation.Queue();

    /** Opens the ring on the thread that will use it, as the kernel's single-issuer mode wants it. */
    UringEventLoop(LoopOptions options) {
        super(options);
        try {
            ring = IoUring.open(BATCH);
        } catch (RuntimeException e) {
            bell.close();
            throw e;
        }
        UringOperation mail = acquire();
        mail.watch(bell, this::takeMail);
        submit(mail);
    }

    @Override
    boolean hasWork() {
        return ring.hasAdded() || ring.ready() > 0 || ring.wantsEntering() || !unsubmitted.isEmpty();
    }

    @Override
    boolean serve(long nanos) {
        while (!unsubmitted.isEmpty() && ring.hasRoom()) {
            unsubmitted.poll().addTo(ring);
        }
        boolean wait = nanos > 0 && unsubmitted.isEmpty();
        int entered = wait || ring.hasAdded() || ring.wantsEntering() ? ring.enter(wait ? 1 : 0, nanos) : 0;
        int ready = ring.ready();
        if (entered < 0) {
            recover(-entered, ready);
        }
        boolean handled = false;
        for (int i = 0; i < ready; i++) {
            ring.take();
            handled |= handle(operations.get((int) ring.tag()), ring.result(), ring.more());
        }
        return handled;
    }

    private static void recover(int errno, int ready) {
        switch (errno) {
            case Errno.EINTR, Errno.ETIME -> {}
            // The kernel is short of memory, or of room for completions; both pass.
            case Errno.EAGAIN, Errno.EBUSY -> {
                if (ready == 0) {
                    LockSupport.parkNanos(RETRY_NANOS);
                }
            }
            default -> throw new IllegalStateException("io_uring_enter failed: " + Errno.describe(errno) + ".");
        }
    }

    /** Returns true if somebody was told. */
    private boolean handle(UringOperation operation, int result, boolean more) {
        return switch (operation.role()) {
            case FILE -> {
                IoCompletion completion = operation.release();
                release(operation);
                complete(completion, result);
                yield true;
            }
            case WATCH -> handleWatch(operation, result, more);
            case CANCELLATION, FREE -> {
                release(operation);
                yield false;
            }
        };
    }

    private boolean handleWatch(UringOperation operation, int result, boolean more) {
        Runnable handler = operation.handler();
        if (handler == null) {
            // It was cancelled: this may be its last word, or there is one to come.
            if (!more) {
                release(operation);
            }
            return false;
        }
        if (result < 0) {
            IllegalStateException failure =
                    new IllegalStateException("Polling an eventfd failed: " + Errno.describe(-result) + ".");
            if (watches.remove(operation.source()) == null) {
                throw failure; // The bell: a loop that hears no messages is of no use.
            }
            release(operation);
            fail(failure);
            return true;
        }
        if (!more) {
            // The kernel ends a poll when it runs out of room. The next one would report the signals before it, too.
            operation.source().drain();
            submit(operation);
        }
        run(handler);
        return true;
    }

    @Override
    public void watch(EventFd source, Runnable handler) {
        checkInLoop();
        if (watches.containsKey(source)) {
            throw new IllegalStateException("The eventfd " + source.fd() + " is watched already.");
        }
        UringOperation operation = acquire();
        operation.watch(source, handler);
        watches.put(source, operation);
        submit(operation);
    }

    @Override
    public void unwatch(EventFd source) {
        checkInLoop();
        UringOperation operation = watches.remove(source);
        if (operation != null) {
            // The kernel's last word on it gives the slot back.
            operation.abandon();
            UringOperation cancellation = acquire();
            cancellation.cancel(operation);
            submit(cancellation);
        }
    }

    @Override
    void forgetWatches() {
        watches.values().forEach(UringOperation::abandon);
        watches.clear();
    }

    @Override
    public void readv(int fd, IoVector data, long offset, IoCompletion completion) {
        transfer(Kind.READ, fd, data, offset, completion);
    }

    @Override
    public void writev(int fd, IoVector data, long offset, IoCompletion completion) {
        transfer(Kind.WRITE, fd, data, offset, completion);
    }

    @Override
    public void writevStable(int fd, IoVector data, long offset, IoCompletion completion) {
        transfer(Kind.WRITE_STABLE, fd, data, offset, completion);
    }

    private void transfer(Kind kind, int fd, IoVector data, long offset, IoCompletion completion) {
        operationStarted();
        UringOperation operation = acquire();
        operation.file().transfer(kind, fd, data, offset, completion);
        submit(operation);
    }

    @Override
    public void fdatasync(int fd, IoCompletion completion) {
        change(Kind.SYNC, fd, 0, 0, 0, completion);
    }

    @Override
    public void fallocate(int fd, int mode, long offset, long length, IoCompletion completion) {
        change(Kind.ALLOCATE, fd, offset, length, mode, completion);
    }

    private void change(Kind kind, int fd, long offset, long length, int mode, IoCompletion completion) {
        operationStarted();
        UringOperation operation = acquire();
        operation.file().range(kind, fd, offset, length, mode, completion);
        submit(operation);
    }

    private UringOperation acquire() {
        if (!free.isEmpty()) {
            return free.poll();
        }
        UringOperation operation = new UringOperation(operations.size());
        operations.add(operation);
        return operation;
    }

    private void release(UringOperation operation) {
        operation.free();
        free.add(operation);
    }

    private void submit(UringOperation operation) {
        if (unsubmitted.isEmpty() && ring.hasRoom()) {
            operation.addTo(ring);
        } else {
            unsubmitted.add(operation);
        }
    }

    @Override
    void release() {
        ring.close();
    }
}
