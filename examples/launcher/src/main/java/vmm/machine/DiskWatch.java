package vmm.machine;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockRequest.Operation;
import vmm.block.DiskErrorListener;
import vmm.block.ErrorPolicyDisk;
import vmm.linux.Errno;
import vmm.machine.Machine.PauseReason;

/**
 * Pauses the machine while disks hold requests that failed, tells the user why, and has them tried again each second
 * until they succeed. It has a thread as long as there is trouble.
 */
final class DiskWatch implements AutoCloseable {
    private final Runnable pause;
    private final Runnable resume;
    private final Consumer<String> user;
    private final long retryNanos;

    /** Those with requests that wait. Guarded by this. */
    private final Set<ErrorPolicyDisk> troubled = new LinkedHashSet<>();

    /** What the user has not been told yet. Guarded by this. */
    private final Deque<String> news = new ArrayDeque<>();

    /** Guarded by this. */
    private @Nullable Thread thread;

    /** Guarded by this. */
    private boolean closed;

    /**
     * A watch over disks that work.
     *
     * @param user gets sentences, one at a time
     */
    DiskWatch(Machine machine, Consumer<String> user) {
        this(
                () -> machine.pause(PauseReason.DISK),
                () -> machine.resume(PauseReason.DISK),
                user,
                TimeUnit.SECONDS.toNanos(1));
    }

    /** A watch that tries again after so many nanoseconds. Neither action waits for a vCPU or a disk. */
    DiskWatch(Runnable pause, Runnable resume, Consumer<String> user, long retryNanos) {
        this.pause = pause;
        this.resume = resume;
        this.user = user;
        this.retryNanos = retryNanos;
    }

    /** True while a disk keeps the machine paused. */
    synchronized boolean isPausing() {
        return !troubled.isEmpty();
    }

    /**
     * A disk holds a request that failed. See {@link DiskErrorListener}.
     *
     * @return true if that is news, false if the disk has held some already
     */
    synchronized boolean held(ErrorPolicyDisk disk, Operation operation, int errno) {
        if (closed || !troubled.add(disk)) {
            return false;
        }
        if (troubled.size() == 1) {
            pause.run();
        }
        news.add(sentence(disk.name(), operation, errno));
        if (thread == null) {
            thread = Thread.ofPlatform().name("disk-watch").daemon().start(this::watch);
        }
        notifyAll();
        return true;
    }

    /** A disk holds no request any more. See {@link DiskErrorListener}. */
    synchronized void released(ErrorPolicyDisk disk, int errno) {
        // Another queue may have told of its own trouble before this came, and would not tell again.
        if (disk.isHolding() || !troubled.remove(disk)) {
            return;
        }
        if (!closed) {
            news.add((errno == 0
                            ? "Disk " + disk.name() + " works again"
                            : "Nothing waits for disk " + disk.name() + " now")
                    + (troubled.isEmpty() ? "; the machine goes on." : ", but another disk still has to."));
        }
        if (troubled.isEmpty()) {
            resume.run();
        }
        notifyAll();
    }

    private static String sentence(String disk, Operation operation, int errno) {
        String what = operation == Operation.READ ? " cannot be read (" : " cannot be written (";
        String remedy = errno == Errno.ENOSPC ? "make room there" : "mend what keeps it";
        return "Disk " + disk + what + Errno.describe(errno) + "), so the machine is paused: " + remedy
                + ", and it goes on by itself; or end it with Ctrl-C.";
    }

    private void watch() {
        try {
            tellAndRetry();
        } catch (InterruptedException e) {
            throw new IllegalStateException("Nobody interrupts this thread.", e);
        }
    }

    /** Tells the news and has requests tried again, until there is no trouble. */
    private void tellAndRetry() throws InterruptedException {
        long retryAt = System.nanoTime() + retryNanos;
        while (true) {
            String sentence;
            List<ErrorPolicyDisk> retried = List.of();
            synchronized (this) {
                long left = retryAt - System.nanoTime();
                while (news.isEmpty() && !troubled.isEmpty() && !closed && left > 0) {
                    TimeUnit.NANOSECONDS.timedWait(this, left);
                    left = retryAt - System.nanoTime();
                }
                sentence = news.poll();
                if (sentence == null) {
                    if (closed || troubled.isEmpty()) {
                        thread = null;
                        return;
                    }
                    retried = List.copyOf(troubled);
                    retryAt = System.nanoTime() + retryNanos;
                }
            }
            if (sentence != null) {
                user.accept(sentence);
            }
            retried.forEach(ErrorPolicyDisk::retry);
        }
    }

    /** Has what failed tried again at once. */
    void retry() {
        List<ErrorPolicyDisk> retried;
        synchronized (this) {
            retried = List.copyOf(troubled);
        }
        retried.forEach(ErrorPolicyDisk::retry);
    }

    /** Tries nothing again from now on. Requests that wait end when their devices are reset. */
    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
    }
}
