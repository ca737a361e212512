package vmm.event;

import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import vmm.linux.EventFd;

/**
 * An event loop without a thread, for tests: the thread that makes it is the loop's, and nothing happens except in
 * {@link #step}. File operations are done there too, one after the other in the order they were started, so a run is
 * the same each time. {@link #threads} and {@link #immediate} are no different.
 *
 * <p>What a handler throws comes out of {@link #step}.
 */
public final class SteppedEventLoop extends OperationStarter implements EventLoop {
    /** Far more steps than any test needs: a loop that takes so many will never be idle. */
    private static final int MANY_STEPS = 1_000_000;

    private final Thread thread = Thread.currentThread();
    private final Mailbox mailbox = new Mailbox(() -> {});
    private final BatchHooks hooks = new BatchHooks();
    private final FailureListeners failureListeners = new FailureListeners();
    private final BatchEnd batchEnd = new BatchEnd();
    private final Map<EventFd, Runnable> watches = new LinkedHashMap<>();

    /** The sources of {@link #watches}; replaced, never changed, so that a walk over it goes on undisturbed. */
    private EventFd[] watched = {};

    private ArrayDeque<FileOperation> started = new ArrayDeque<>();
    private ArrayDeque<FileOperation> performing = new ArrayDeque<>();
    private final Timers timers = new Timers();

    /** Replaced, never changed, so that a walk over it goes on undisturbed. */
    private List<Poller> pollers = List.of();

    private boolean polling;
    private long now;

    /** Made once, since tests count what a request allocates. */
    private final BooleanSupplier oneStep = this::stepOnce;

    private final BooleanSupplier onePoll = this::pollOnce;

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
        return telling(oneStep);
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
        ArrayDeque<FileOperation> batch = started;
        started = performing;
        performing = batch;
        boolean handled = endPolling();
        handled |= mailbox.run(Runnable::run);
        handled |= timers.run(now, Runnable::run);
        for (EventFd source : watched) {
            handled |= ring(source);
        }
        for (FileOperation operation = batch.poll(); operation != null; operation = batch.poll()) {
            operation.perform();
            int result = operation.result();
            operation.release().completed(result);
            handled = true;
        }
        handled |= batchEnd.run(Runnable::run);
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
        return telling(onePoll);
    }

    private boolean pollOnce() {
        polling = true;
        boolean handled = false;
        // By index, since an iterator would be an object for each look.
        List<Poller> asked = pollers;
        for (int i = 0; i < asked.size(); i++) {
            handled |= pollers.contains(asked.get(i)) && asked.get(i).poll();
        }
        handled |= batchEnd.run(Runnable::run);
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
        List<Poller> asked = pollers;
        for (int i = 0; i < asked.size(); i++) {
            more |= pollers.contains(asked.get(i)) && asked.get(i).beforeWait();
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
    public void atBatchEnd(Runnable message) {
        checkInLoop();
        batchEnd.add(message);
    }

    @Override
    public void schedule(long nanos, Runnable message) {
        checkInLoop();
        timers.add(Timers.time(now, nanos), message);
    }

    @Override
    public void addPoller(Poller poller) {
        checkInLoop();
        pollers = Stream.concat(pollers.stream(), Stream.of(poller)).toList();
    }

    @Override
    public void removePoller(Poller poller) {
        checkInLoop();
        pollers = pollers.stream().filter(other -> !other.equals(poller)).toList();
    }

    @Override
    public FileOperations threads() {
        return this;
    }

    @Override
    public FileOperations immediate() {
        return this;
    }

    @Override
    FileOperation start() {
        checkInLoop();
        FileOperation operation = new FileOperation();
        started.add(operation);
        return operation;
    }

    /** Steps until idle, then takes no more messages. Unlike other loops, this one is closed by its own thread. */
    @Override
    public void close() {
        watches.clear();
        watched = new EventFd[0];
        timers.clear();
        pollers = List.of();
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
