package vmm.event;

import java.util.function.Consumer;
import java.util.function.Supplier;
import vmm.linux.EventFd;

/**
 * A worker: one thread that owns some queues and waits, in one place, for doorbells, file operations and messages.
 *
 * <p>Whatever a loop owns is touched by its thread only, so there are no locks. Other threads reach it by {@link #post}
 * and {@link #call}. One iteration of a loop handles everything that is ready, then runs the {@linkplain #afterBatch
 * batch hooks}, then hands all new file operations to the kernel at once and waits.
 *
 * <p>The {@link FileOperations} of the loop itself are the kernel's best way of doing many at once on files that can
 * make a caller wait; {@link #immediate} and {@link #threads} are two others.
 */
public interface EventLoop extends FileOperations, AutoCloseable {
    /**
     * Runs {@code message} on the loop's thread, after those posted before it. Any thread may call.
     *
     * @throws IllegalStateException if the loop is closed
     */
    void post(Runnable message);

    /**
     * Runs {@code question} on the loop's thread and waits for the answer; on the loop's own thread, at once. The
     * caller must hold no lock that the loop's thread could want.
     */
    <T> T call(Supplier<T> question);

    /** True on the loop's own thread. */
    boolean inLoop();

    /**
     * Runs {@code handler} each time {@code source} was signalled, once for any number of signals since. Loop thread
     * only.
     *
     * @throws IllegalStateException if the source is watched already
     */
    void watch(EventFd source, Runnable handler);

    /** Ends a {@link #watch}: when this returns, its handler will not run again. Loop thread only. */
    void unwatch(EventFd source);

    /**
     * Runs {@code hook} at the end of every iteration that handled anything: the place to send one interrupt for a
     * whole batch of completions. Loop thread only.
     */
    void afterBatch(Runnable hook);

    /** Takes a hook of {@link #afterBatch} away. Loop thread only. */
    void removeAfterBatch(Runnable hook);

    /**
     * Runs {@code message} once, when {@code nanos} have passed, or as soon after that as the loop gets to it; those of
     * one moment in the order in which they were asked for. What is not due when the loop is closed never runs. Loop
     * thread only.
     *
     * @param nanos from now, in nanoseconds; 0 or less is the next iteration
     */
    void schedule(long nanos, Runnable message);

    /**
     * Lets the loop look for {@code poller}'s work before it waits, if it finds that worth its time. Loop thread only.
     */
    void addPoller(Poller poller);

    /** Takes a poller away: when this returns, it is not called again, not even to wait. Loop thread only. */
    void removePoller(Poller poller);

    /**
     * Tells {@code listener} of each exception that escapes from a handler, hook, message or completion: what that
     * would have done next will not happen. Loop thread only.
     */
    void addFailureListener(Consumer<Throwable> listener);

    /** Takes a listener of {@link #addFailureListener} away. Loop thread only. */
    void removeFailureListener(Consumer<Throwable> listener);

    /**
     * Runs {@code message} once, at the end of this iteration before the {@linkplain #afterBatch batch hooks}: the
     * place to hand over in one go what the iteration has gathered. One that comes later than that waits for the end of
     * the next, which is then at once. Loop thread only.
     */
    void atBatchEnd(Runnable message);

    /**
     * The same operations by a pool of threads, each with a system call that waits. The loop's own are as good or
     * better where the kernel can wait without a thread.
     */
    FileOperations threads();

    /**
     * The same operations for files that never make a caller wait, as those of tmpfs: done on the loop's own thread at
     * the end of the iteration, all reads and writes of it by one system call if the host allows that.
     */
    FileOperations immediate();

    /** Lets what was posted and started end, then ends the thread and waits for it. Not for the loop's own thread. */
    @Override
    void close();
}
