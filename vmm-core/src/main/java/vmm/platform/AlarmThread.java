package vmm.platform;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** An alarm with a thread, which is not there before somebody sets it. */
public final class AlarmThread implements Alarm, AutoCloseable {
    private final String name;
    private @Nullable ScheduledThreadPoolExecutor executor;
    private @Nullable ScheduledFuture<?> next;
    private boolean closed;

    /**
     * An alarm.
     *
     * @param name of its thread
     */
    public AlarmThread(String name) {
        this.name = name;
    }

    @Override
    public synchronized void set(long nanos, Runnable due) {
        cancel();
        if (closed) {
            return;
        }
        ScheduledThreadPoolExecutor thread = executor;
        if (thread == null) {
            thread = new ScheduledThreadPoolExecutor(
                    1, task -> Thread.ofPlatform().name(name).daemon(true).unstarted(task));
            thread.setRemoveOnCancelPolicy(true);
            executor = thread;
        }
        next = thread.schedule(due, nanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public synchronized void cancel() {
        ScheduledFuture<?> waiting = next;
        if (waiting != null) {
            waiting.cancel(false);
            next = null;
        }
    }

    /** Ends the thread, and waits for what it is doing. The caller holds no lock that it could want. */
    @Override
    public void close() {
        ScheduledThreadPoolExecutor thread;
        synchronized (this) {
            closed = true;
            thread = executor;
        }
        if (thread != null) {
            thread.shutdownNow();
            thread.close();
        }
    }
}
