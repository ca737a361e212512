package vmm.event;

import java.util.function.Supplier;
import vmm.linux.EventFd;
import vmm.linux.IoVector;

/**
 * A worker: one thread that owns some queues and waits, in one place, for doorbells, file operations and messages.
 *
 * <p>Whatever a loop owns is touched by its thread only, so there are no locks. Other threads reach it by {@link #post}
 * and {@link #call}. One iteration of a loop handles everything that is ready, then runs the {@linkplain #afterBatch
 * batch hooks}, then hands all new file operations to the kernel at once and waits.
 */
public interface EventLoop extends AutoCloseable {
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
     * Starts reading a file into {@code data}, which stays the loop's until the completion is told. Loop thread only;
     * the completion never runs before this returns.
     *
     * @param fd an open file
     * @param offset bytes from the start of the file
     */
    void readv(int fd, IoVector data, long offset, IoCompletion completion);

    /** Starts writing {@code data} to a file. See {@link #readv}. */
    void writev(int fd, IoVector data, long offset, IoCompletion completion);

    /** Starts bringing a file's written data to stable storage (fdatasync). See {@link #readv}. */
    void fdatasync(int fd, IoCompletion completion);

    /** Lets what was posted and started end, then ends the thread and waits for it. Not for the loop's own thread. */
    @Override
    void close();
}
