package vmm.event;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
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
public final class UringEventLoop implements EventLoop {
    private static final Logger log = LoggerFactory.getLogger(UringEventLoop.class);

    /** Operations handed over in one batch; more of them wait for the next. */
    private static final int BATCH = 256;

    private static final long RETRY_NANOS = 100_000;

    private final Thread thread = Thread.currentThread();
    private final FailureListeners failureListeners = new FailureListeners();
    private final Guard guard = this::run;
    private final BatchHooks hooks = new BatchHooks();
    private final EventFd bell = EventFd.create();
    private final Mailbox mailbox = new Mailbox(bell::signal);
    private final IoUring ring;
    private final Map<EventFd, UringOperation> watches = new HashMap<>();
    private final List<UringOperation> operations = new ArrayList<>();
    private final UringOperation.Queue free = new UringOperation.Queue();
    private final UringOperation.Queue unsubmitted = new UringOperation.Queue();
    private final Timers timers = new Timers();
    private final long epoch = System.nanoTime();
    private int fileOperations;
    private boolean closing;

    /** Opens the ring on the thread that will use it, as the kernel's single-issuer mode wants it. */
    private UringEventLoop(Consumer<Throwable> onFailure) {
        failureListeners.add(onFailure);
        try {
            this.ring = IoUring.open(BATCH);
        } catch (RuntimeException e) {
            bell.close();
            throw e;
        }
        UringOperation mail = acquire();
        mail.watch(bell, () -> mailbox.run(guard));
        submit(mail);
    }

    /** A loop whose handlers' exceptions are logged. See {@link #start(String, Consumer)}. */
    public static EventLoop start(String name) {
        return start(name, failure -> {});
    }

    /**
     * Starts a loop.
     *
     * @param name the thread's
     * @param onFailure told, on the loop's thread, of each exception that a handler, hook, message or completion threw,
     *     after it was logged: the place to mark a device broken. The loop goes on.
     * @throws vmm.linux.HostException if the host has no io_uring to give
     */
    public static EventLoop start(String name, Consumer<Throwable> onFailure) {
        CompletableFuture<EventLoop> started = new CompletableFuture<>();
        Thread.ofPlatform().name(name).daemon().start(() -> {
            UringEventLoop loop;
            try {
                loop = new UringEventLoop(onFailure);
            } catch (RuntimeException | Error e) {
                started.completeExceptionally(e);
                return;
            }
            started.complete(loop);
            loop.runToEnd();
        });
        try {
            return started.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    private void runToEnd() {
        try {
            while (!closing || fileOperations > 0 || !mailbox.closeIfEmpty()) {
                iterate();
            }
        } catch (RuntimeException | Error e) {
            log.error("The event loop {} ends, and what it served stands still.", thread.getName(), e);
            tell(e);
        } finally {
            mailbox.abandon();
            ring.close();
            bell.close();
        }
    }

    private void iterate() {
        while (!unsubmitted.isEmpty() && ring.hasRoom()) {
            unsubmitted.poll().addTo(ring);
        }
        int entered = ring.enter(unsubmitted.isEmpty() ? 1 : 0, patience());
        int ready = ring.ready();
        if (entered < 0) {
            recover(-entered, ready);
        }
        boolean handled = timers.next() != Timers.NEVER && timers.run(now(), guard);
        for (int i = 0; i < ready; i++) {
            ring.take();
            handled |= handle(operations.get((int) ring.tag()), ring.result(), ring.more());
        }
        if (handled) {
            hooks.run(guard);
        }
    }

    /** How long the loop may wait, in nanoseconds. */
    private long patience() {
        return timers.next() == Timers.NEVER ? IoUring.FOREVER : Math.max(timers.next() - now(), 0);
    }

    /** A clock that starts with the loop, so that it never turns over. */
    private long now() {
        return System.nanoTime() - epoch;
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
        IoCompletion completion = operation.completion();
        if (completion != null) {
            fileOperations--;
            release(operation);
            complete(completion, result);
            return true;
        }
        Runnable handler = operation.handler();
        if (handler == null) {
            // A cancellation, or a watch that was cancelled: this may be its last word, or there is one to come.
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

    /**
     * The one place where a failure of the code that the loop serves is stopped: it is theirs, and the loop goes on.
     */
    @SuppressWarnings("CatchThrowable")
    private void run(Runnable code) {
        try {
            code.run();
        } catch (Throwable e) {
            fail(e);
        }
    }

    private void complete(IoCompletion completion, int result) {
        try {
            completion.completed(result);
        } catch (Throwable e) {
            fail(e);
        }
    }

    private void fail(Throwable failure) {
        log.error("Something that the event loop {} serves has failed.", thread.getName(), failure);
        tell(failure);
    }

    private void tell(Throwable failure) {
        try {
            failureListeners.tell(failure);
        } catch (RuntimeException e) {
            log.error("So has what was to be told.", e);
        }
    }

    @Override
    public void post(Runnable message) {
        mailbox.post(message);
    }

    @Override
    public <T> T call(Supplier<T> question) {
        if (inLoop()) {
            return question.get();
        }
        FutureTask<T> asked = Mailbox.ask(question);
        post(asked);
        return Mailbox.await(asked);
    }

    @Override
    public boolean inLoop() {
        return Thread.currentThread() == thread;
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
            // Completions that are on their way find no handler. The kernel's last word gives the slot back.
            operation.abandon();
            UringOperation cancellation = acquire();
            cancellation.cancel(operation);
            submit(cancellation);
        }
    }

    @Override
    public void afterBatch(Runnable hook) {
        checkInLoop();
        hooks.add(hook);
    }

    @Override
    public void removeAfterBatch(Runnable hook) {
        checkInLoop();
        hooks.remove(hook);
    }

    @Override
    public void schedule(long nanos, Runnable message) {
        checkInLoop();
        long now = now();
        timers.add(nanos < Timers.NEVER - now ? now + nanos : Timers.NEVER - 1, message);
    }

    @Override
    public void addPoller(Poller poller) {
        checkInLoop();
    }

    @Override
    public void removePoller(Poller poller) {
        checkInLoop();
    }

    @Override
    public void addFailureListener(Consumer<Throwable> listener) {
        checkInLoop();
        failureListeners.add(listener);
    }

    @Override
    public void removeFailureListener(Consumer<Throwable> listener) {
        checkInLoop();
        failureListeners.remove(listener);
    }

    @Override
    public void readv(int fd, IoVector data, long offset, IoCompletion completion) {
        checkInLoop();
        UringOperation operation = acquire();
        operation.readv(fd, data, offset, completion);
        fileOperations++;
        submit(operation);
    }

    @Override
    public void writev(int fd, IoVector data, long offset, IoCompletion completion) {
        checkInLoop();
        UringOperation operation = acquire();
        operation.writev(fd, data, offset, completion);
        fileOperations++;
        submit(operation);
    }

    @Override
    public void writevStable(int fd, IoVector data, long offset, IoCompletion completion) {
        checkInLoop();
        UringOperation operation = acquire();
        operation.writevStable(fd, data, offset, completion);
        fileOperations++;
        submit(operation);
    }

    @Override
    public void fallocate(int fd, int mode, long offset, long length, IoCompletion completion) {
        checkInLoop();
        UringOperation operation = acquire();
        operation.fallocate(fd, mode, offset, length, completion);
        fileOperations++;
        submit(operation);
    }

    @Override
    public void fdatasync(int fd, IoCompletion completion) {
        checkInLoop();
        UringOperation operation = acquire();
        operation.fdatasync(fd, completion);
        fileOperations++;
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
        operation.abandon();
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
    public void close() {
        if (inLoop()) {
            throw new IllegalStateException("An event loop cannot wait for its own end.");
        }
        try {
            post(this::beginClosing);
        } catch (IllegalStateException e) {
            // It was closed before, or has failed: its end is all there is to wait for.
        }
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** What was started is to end, and a guest that goes on ringing must not start more. */
    private void beginClosing() {
        closing = true;
        watches.values().forEach(UringOperation::abandon);
        watches.clear();
        timers.clear();
    }

    private void checkInLoop() {
        if (!inLoop()) {
            throw new IllegalStateException("Only the thread " + thread.getName() + " may do that.");
        }
    }
}
