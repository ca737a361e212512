package vmm.event;

import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.linux.EventFd;

/** An event loop on a thread of its own: all of it but how it waits in the kernel and has it work on files. */
abstract class WorkerLoop implements EventLoop {
    private static final Logger log = LoggerFactory.getLogger(WorkerLoop.class);

    /** For {@link #serve}: as long as it takes. */
    static final long FOREVER = Long.MAX_VALUE;

    private static final int MAX_UNASKED = 64;

    final Thread thread = Thread.currentThread();
    final EventFd bell = EventFd.create();

    private final FailureListeners failureListeners = new FailureListeners();
    private final Guard guard = this::run;
    private final BatchHooks hooks = new BatchHooks();
    private final BatchEnd batchEnd = new BatchEnd();
    private final Mailbox mailbox = new Mailbox(bell::signal);
    private final Timers timers = new Timers();
    private final Polling polling;
    private final long epoch = System.nanoTime();
    private @Nullable ThreadedOperations threads;
    private @Nullable ImmediateOperations immediate;
    private int operations;

    /** Iterations since the kernel was last asked for what it has. */
    private int unasked;

    private boolean closing;

    /** Made by the thread that will be the loop's. */
    WorkerLoop(LoopOptions options) {
        polling = new Polling(this, options.pollMaxNanos());
    }

    /** True if {@link #serve} would find something to hand over or to take. Costs no system call. */
    abstract boolean hasWork();

    /**
     * Hands over what was started and handles what the kernel has for the loop.
     *
     * @param nanos how long to wait for something, {@link #FOREVER} or 0 if not at all
     * @return true if anything was handled
     */
    abstract boolean serve(long nanos);

    /** Ends all watches: their handlers will not run again. */
    abstract void forgetWatches();

    /** Gives everything back to the kernel. */
    abstract void release();

    /** The thread's whole life. */
    final void runToEnd() {
        try {
            while (!closing || operations > 0 || !mailbox.closeIfEmpty()) {
                iterate();
            }
        } catch (RuntimeException | Error e) {
            log.error("The event loop {} ends, and what it served stands still.", thread.getName(), e);
            tell(e);
        } finally {
            mailbox.abandon();
            if (threads != null) {
                threads.close();
            }
            if (immediate != null) {
                immediate.close();
            }
            release();
            bell.close();
        }
    }

    private void iterate() {
        boolean handled = polling.isDue() && polling.look();
        if (handled || !batchEnd.isEmpty() || hasWork()) {
            // Not every kind of loop sees all that the kernel has for it without asking.
            if (hasWork() || ++unasked == MAX_UNASKED) {
                unasked = 0;
                handled |= serve(0);
            }
        } else {
            handled = idle();
        }
        handled |= timers.next() != Timers.NEVER && timers.run(now(), guard);
        handled |= batchEnd.run(guard);
        if (handled) {
            hooks.run(guard);
        }
    }

    /** There is nothing to do: looks for work, and at last waits for it. Returns true if there was some. */
    private boolean idle() {
        if (!polling.adapts()) {
            return serve(patience());
        }
        long start = System.nanoTime();
        if (polling.isWorthwhile()) {
            if (polling.spin(start, patience())) {
                return true;
            }
            if (hasWork()) {
                return serve(0);
            }
        }
        if (polling.prepareToWait()) {
            return polling.look();
        }
        boolean handled = serve(patience());
        if (handled) {
            polling.learn(System.nanoTime() - start);
        }
        return handled;
    }

    /** How long the loop may wait, in nanoseconds. */
    private long patience() {
        return timers.next() == Timers.NEVER ? FOREVER : Math.max(timers.next() - now(), 0);
    }

    /** A clock that starts with the loop, so that it never turns over. */
    private long now() {
        return System.nanoTime() - epoch;
    }

    /** True if something was posted. Costs no system call. */
    final boolean hasMail() {
        return mailbox.hasMail();
    }

    /** Runs what was posted. */
    final boolean takeMail() {
        return mailbox.run(guard);
    }

    /** Counts an operation that the loop's end has to wait for, until {@link #complete}. */
    final void operationStarted() {
        checkInLoop();
        operations++;
    }

    /** Tells that an operation has ended. */
    final void complete(IoCompletion completion, int result) {
        operations--;
        try {
            completion.completed(result);
        } catch (Throwable e) {
            fail(e);
        }
    }

    /** {@link Poller#poll}. */
    final boolean ask(Poller poller) {
        try {
            return poller.poll();
        } catch (Throwable e) {
            fail(e);
            return true;
        }
    }

    /** {@link Poller#beforeWait}. */
    final boolean prepare(Poller poller) {
        try {
            return poller.beforeWait();
        } catch (Throwable e) {
            fail(e);
            return false;
        }
    }

    /**
     * Where a failure of the code that the loop serves is stopped: it is theirs, and the loop goes on. So it is in
     * {@link #complete}, {@link #ask} and {@link #prepare}.
     */
    @SuppressWarnings("CatchThrowable")
    final void run(Runnable code) {
        try {
            code.run();
        } catch (Throwable e) {
            fail(e);
        }
    }

    final void fail(Throwable failure) {
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
    public final void post(Runnable message) {
        mailbox.post(message);
    }

    @Override
    public final <T> T call(Supplier<T> question) {
        if (inLoop()) {
            return question.get();
        }
        FutureTask<T> asked = Mailbox.ask(question);
        post(asked);
        return Mailbox.await(asked);
    }

    @Override
    public final boolean inLoop() {
        return Thread.currentThread() == thread;
    }

    @Override
    public final void afterBatch(Runnable hook) {
        checkInLoop();
        hooks.add(hook);
    }

    @Override
    public final void removeAfterBatch(Runnable hook) {
        checkInLoop();
        hooks.remove(hook);
    }

    @Override
    public final void addFailureListener(Consumer<Throwable> listener) {
        checkInLoop();
        failureListeners.add(listener);
    }

    @Override
    public final void removeFailureListener(Consumer<Throwable> listener) {
        checkInLoop();
        failureListeners.remove(listener);
    }

    @Override
    public final void atBatchEnd(Runnable message) {
        checkInLoop();
        batchEnd.add(message);
    }

    @Override
    public final void schedule(long nanos, Runnable message) {
        checkInLoop();
        timers.add(Timers.time(now(), nanos), message);
    }

    @Override
    public final void addPoller(Poller poller) {
        checkInLoop();
        polling.add(poller);
    }

    @Override
    public final void removePoller(Poller poller) {
        checkInLoop();
        polling.remove(poller);
    }

    @Override
    public final FileOperations threads() {
        checkInLoop();
        ThreadedOperations operations = threads;
        if (operations == null) {
            operations = new ThreadedOperations(this, thread.getName());
            threads = operations;
        }
        return operations;
    }

    @Override
    public final FileOperations immediate() {
        checkInLoop();
        ImmediateOperations operations = immediate;
        if (operations == null) {
            operations = new ImmediateOperations(this);
            immediate = operations;
        }
        return operations;
    }

    @Override
    public final void discard(int fd, long offset, long length, IoCompletion completion) {
        threads().discard(fd, offset, length, completion);
    }

    @Override
    public final void close() {
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
        forgetWatches();
        timers.clear();
        polling.clear();
    }

    final void checkInLoop() {
        if (!inLoop()) {
            throw new IllegalStateException("Only the thread " + thread.getName() + " may do that.");
        }
    }
}
