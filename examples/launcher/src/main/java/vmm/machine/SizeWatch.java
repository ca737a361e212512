package vmm.machine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.block.BlockDevice;

/**
 * Lets devices know that the storage of their disks has grown, for which it looks each second: whoever makes an image
 * longer while a machine uses it need do no more. It has a thread of its own.
 */
final class SizeWatch implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(SizeWatch.class);

    private final List<Watched> disks = new ArrayList<>();
    private final Thread thread = new Thread(this::watch, "size-watch");
    private final long periodNanos;

    /** Guarded by this. */
    private boolean closed;

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
     * Has {@code device} run on the watch's thread whenever {@code disk} has another size than now. Before the start.
     */
    void add(BlockDevice disk, Runnable device) {
        disks.add(new Watched(disk, device));
    }

    /** Begins to look. Call once at most. */
    void start() {
        if (!disks.isEmpty()) {
            thread.setDaemon(true);
            thread.start();
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

    private void look() {
        for (Watched each : disks) {
            each.disk.noticeGrowth();
            long now = each.disk.size();
            if (now != each.size) {
                log.info("Disk {} has {} bytes now.", each.disk.name(), now);
                each.size = now;
                each.device.run();
            }
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
