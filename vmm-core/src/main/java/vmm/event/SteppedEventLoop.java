package vmm.event;

import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.FutureTask;
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

    private static final int READ = 0;
    private static final int WRITE = 1;
    private static final int SYNC = 2;

    /** A file operation on its way; only its kind, file and completion are used by a SYNC. */
    private record Operation(int kind, int fd, IoVector data, long offset, IoCompletion completion) {
        int perform() {
            return switch (kind) {
                case READ -> FileIo.readv(fd, data, offset);
                case WRITE -> FileIo.writev(fd, data, offset);
                default -> FileIo.fdatasync(fd);
            };
        }
    }

    private static final IoVector NO_DATA = new IoVector(1);

    private final Thread thread = Thread.currentThread();
    private final Mailbox mailbox = new Mailbox(() -> {});
    private final BatchHooks hooks = new BatchHooks();
    private final Map<EventFd, Runnable> watches = new LinkedHashMap<>();

    /** The sources of {@link #watches}; replaced, never changed, so that a walk over it goes on undisturbed. */
    private EventFd[] watched = {};

    private ArrayDeque<Operation> started = new ArrayDeque<>();
    private ArrayDeque<Operation> performing = new ArrayDeque<>();

    /** A loop that belongs to the calling thread. */
    public SteppedEventLoop() {}

    /**
     * One iteration: the messages posted so far, the watched sources that were signalled, the file operations started
     * so far, then the batch hooks. Loop thread only.
     *
     * @return true if there was anything to do
     */
    public boolean step() {
        checkInLoop();
        ArrayDeque<Operation> batch = started;
        started = performing;
        performing = batch;
        boolean handled = mailbox.run(Runnable::run);
        for (EventFd source : watched) {
            handled |= ring(source);
        }
        for (Operation operation = batch.poll(); operation != null; operation = batch.poll()) {
            operation.completion.completed(operation.perform());
            handled = true;
        }
        if (handled) {
            hooks.run(Runnable::run);
        }
        return handled;
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
    public void readv(int fd, IoVector data, long offset, IoCompletion completion) {
        start(new Operation(READ, fd, data, offset, completion));
    }

    @Override
    public void writev(int fd, IoVector data, long offset, IoCompletion completion) {
        start(new Operation(WRITE, fd, data, offset, completion));
    }

    @Override
    public void fdatasync(int fd, IoCompletion completion) {
        start(new Operation(SYNC, fd, NO_DATA, 0, completion));
    }

    private void start(Operation operation) {
        checkInLoop();
        started.add(operation);
    }

    /** Steps until idle, then takes no more messages. Unlike other loops, this one is closed by its own thread. */
    @Override
    public void close() {
        watches.clear();
        watched = new EventFd[0];
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
