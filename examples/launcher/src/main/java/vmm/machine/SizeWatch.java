package vmm.machine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.block.BlockDevice;

/**
 * Lets devices know that the storage of their disks has grown, for which it looks each second: whoever makes an image
 * longer while a machine uses it need do no more. It has a thread of its own.
 */
final class SizeWatch implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(SizeWatch.class);

    private final Thread thread = new Thread(this::watch, "size-watch");
    private final long periodNanos;

    /** Guarded by this. */
    private final List<Watched> disks = new ArrayList<>();

    /** Guarded by this. */
    private boolean closed;

    /** Held while devices are told. */
    private final ReentrantLock telling = new ReentrantLock();

    private static final class Watched {
        final BlockDevice disk;
        final Runnable device;
        long size;

        Watched(BlockDevice disk, Runnable device) {
            this.disk = disk;
            this.device = device;
            this.size = disk.size();
        }
    }

    /** A watch over nothing. */
    SizeWatch() {
        this(TimeUnit.SECONDS.toNanos(1));
    }

    /** A watch that looks again after so many nanoseconds. */
    SizeWatch(long periodNanos) {
        this.periodNanos = periodNanos;
    }

    /**
     * Has {@code device} run on the watch's thread, or that of {@link #look}, whenever {@code disk} has another size
     * than now. The thread begins with the first.
     */
    synchronized void add(BlockDevice disk, Runnable device) {
        disks.add(new Watched(disk, device));
        if (!closed && thread.getState() == Thread.State.NEW) {
            thread.setDaemon(true);
            thread.start();
        }
    }

    /** Looks after a disk no more: when this returns its device is told nothing, and its size not asked for. */
    @SuppressWarnings("ReferenceEquality") // A disk is a thing, not a value.
    void remove(BlockDevice disk) {
        telling.lock();
        try {
            synchronized (this) {
                disks.removeIf(each -> each.disk == disk);
            }
        } finally {
            telling.unlock();
        }
    }

    private void watch() {
        try {
            while (awaitPeriod()) {
                look();
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("Nobody interrupts this thread.", e);
        }
    }

    private synchronized boolean awaitPeriod() throws InterruptedException {
        long end = System.nanoTime() + periodNanos;
        long left = periodNanos;
        while (!closed && left > 0) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
            left = end - System.nanoTime();
        }
        return !closed;
    }

    /** Looks at once, and tells devices before this returns. Any thread. */
    void look() {
        telling.lock();
        try {
            List<Watched> all;
            synchronized (this) {
                all = List.copyOf(disks);
            }
            for (Watched each : all) {
                each.disk.noticeGrowth();
                long now = each.disk.size();
                if (now != each.size) {
                    log.info("Disk {} has {} bytes now.", each.disk.name(), now);
                    each.size = now;
                    each.device.run();
                }
            }
        } finally {
            telling.unlock();
        }
    }

    /** Ends it: when this returns no device is told any more. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            notifyAll();
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
}
