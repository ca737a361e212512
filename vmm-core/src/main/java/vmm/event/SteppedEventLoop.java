package vmm.event;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import vmm.linux.EventFd;
import vmm.linux.FileIo;
import vmm.linux.IoVector;

/**
 * An event loop without a thread, for tests: the thread that makes it is the loop's, and nothing happens except in
 * {@link #step}. File operations are done there too, one after the other in the order they were started, so a run is
 * the same each time.
 *
 * <p>What a handler throws comes out of {@link #step}.
 */
public final class SteppedEventLoop implements EventLoop {
    /** Far more steps than any test needs: a loop that takes so many will never be idle. */
    private static final int MANY_STEPS = 1_000_000;

    /** A file operation on its way. */
    private record Operation(IntSupplier action, IoCompletion completion) {}

    private final Thread thread = Thread.currentThread();
    private final Mailbox mailbox = new Mailbox(() -> {});
    private final BatchHooks hooks = new BatchHooks();
    private final FailureListeners failureListeners = new FailureListeners();
    private final Map<EventFd, Runnable> watches = new LinkedHashMap<>();

    /** The sources of {@link #watches}; replaced, never changed, so that a walk over it goes on undisturbed. */
    private EventFd[] watched = {};

    private ArrayDeque<Operation> started = new ArrayDeque<>();
    private ArrayDeque<Operation> performing = new ArrayDeque<>();
    private final Timers timers = new Timers();
    private final List<Poller> pollers = new ArrayList<>();
    private boolean polling;
    private long now;

    /** A loop that belongs to the calling thread. */
    public SteppedEventLoop() {}

    /**
     * One iteration: the messages posted so far, those scheduled for now, the watched sources that were signalled, the
     * file operations started so far, then the batch hooks. Polls nobody, but lets those who were {@linkplain #poll
     * polled} prepare for a wait first. Loop thread only.
     *
     * @return true if there was anything to do
     */
    public boolean step() {
        return telling(this::stepOnce);
    }

    /** Does {@code action}; what it throws is told to those who listen for failures before it comes out. */
    private boolean telling(BooleanSupplier action) {
        checkInLoop();
        try {
            return action.getAsBoolean();
        } catch (RuntimeException | Error failure) {
            failureListeners.tell(failure);
            throw failure;
        }
    }

    private boolean stepOnce() {
        ArrayDeque<Operation> batch = started;
        started = performing;
        performing = batch;
        boolean handled = endPolling();
        handled |= mailbox.run(Runnable::run);
        handled |= timers.run(now, Runnable::run);
        for (EventFd source : watched) {
            handled |= ring(source);
        }
        for (Operation operation = batch.poll(); operation != null; operation = batch.poll()) {
            operation.completion.completed(operation.action.getAsInt());
            handled = true;
        }
        if (handled) {
            hooks.run(Runnable::run);
        }
        return handled;
    }

    /**
     * One look at each poller, as a busy loop has before it waits, then the batch hooks if any of them had work. Loop
     * thread only.
     *
     * @return true if any had
     */
    public boolean poll() {
        return telling(this::pollOnce);
    }

    private boolean pollOnce() {
        polling = true;
        boolean handled = false;
        for (Poller poller : List.copyOf(pollers)) {
            handled |= pollers.contains(poller) && poller.poll();
        }
        if (handled) {
            hooks.run(Runnable::run);
        }
        return handled;
    }

    private boolean endPolling() {
        if (!polling) {
            return false;
        }
        boolean more = false;
        for (Poller poller : List.copyOf(pollers)) {
            more |= pollers.contains(poller) && poller.beforeWait();
        }
        polling = false;
        if (more) {
            pollOnce();
        }
        return more;
    }

    /**
     * Lets time pass: what is scheduled for up to then runs with the next steps. It passes in no other way. Loop thread
     * only.
     */
    public void advance(long nanos) {
        checkInLoop();
        now += nanos;
    }

    private boolean ring(EventFd source) {
        Runnable handler = watches.get(source);
        if (handler == null || source.drain() == 0) {
            return false;
        }
        handler.run();
        return true;
    }

    /**
     * Steps until there is nothing to do. Loop thread only.
     *
     * @throws IllegalStateException if that does not come to an end
     */
    public void runUntilIdle() {
        for (int steps = 0; step(); steps++) {
            if (steps == MANY_STEPS) {
                throw new IllegalStateException("The event loop is still busy after " + MANY_STEPS + " steps.");
            }
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
        if (watches.putIfAbsent(source, handler) != null) {
            throw new IllegalStateException("The eventfd " + source.fd() + " is watched already.");
        }
        watched = watches.keySet().toArray(EventFd[]::new);
    }

    @Override
    public void unwatch(EventFd source) {
        checkInLoop();
        watches.remove(source);
        watched = watches.keySet().toArray(EventFd[]::new);
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
        timers.add(nanos < Timers.NEVER - now ? now + nanos : Timers.NEVER - 1, message);
    }

    @Override
    public void addPoller(Poller poller) {
        checkInLoop();
        pollers.add(poller);
    }

    @Override
    public void removePoller(Poller poller) {
        checkInLoop();
        pollers.remove(poller);
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
        start(() -> FileIo.readv(fd, data, offset), completion);
    }

    @Override
    public void writev(int fd, IoVector data, long offset, IoCompletion completion) {
        start(() -> FileIo.writev(fd, data, offset), completion);
    }

    @Override
    public void writevStable(int fd, IoVector data, long offset, IoCompletion completion) {
        start(() -> FileIo.writevStable(fd, data, offset), completion);
    }

    @Override
    public void fallocate(int fd, int mode, long offset, long length, IoCompletion completion) {
        start(() -> FileIo.fallocate(fd, mode, offset, length), completion);
    }

    @Override
    public void fdatasync(int fd, IoCompletion completion) {
        start(() -> FileIo.fdatasync(fd), completion);
    }

    private void start(IntSupplier action, IoCompletion completion) {
        checkInLoop();
        started.add(new Operation(action, completion));
    }

    /** Steps until idle, then takes no more messages. Unlike other loops, this one is closed by its own thread. */
    @Override
    public void close() {
        watches.clear();
        watched = new EventFd[0];
        timers.clear();
        pollers.clear();
        do {
            runUntilIdle();
        } while (!mailbox.closeIfEmpty());
    }

    private void checkInLoop() {
        if (!inLoop()) {
            throw new IllegalStateException("Only " + thread.getName() + ", which made this loop, may do that.");
        }
    }
}
