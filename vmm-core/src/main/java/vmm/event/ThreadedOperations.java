package vmm.event;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.linux.Errno;

/**
 * Operations done by threads of their own, with system calls that wait. Threads start when there is work that none is
 * free for, and end when there has been none for a while.
 *
 * <p>An iteration's operations are handed over at its end, and one thread is woken for all of them; it wakes the next
 * as long as there are more. So what ends at once is done by one thread, and what waits is done by as many as it takes.
 */
final class ThreadedOperations extends OperationStarter implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ThreadedOperations.class);

    /** As many operations wait side by side. */
    private static final int MAX_THREADS = 64;

    private static final long IDLE_MILLIS = 10_000;

    private final WorkerLoop loop;
    private final String name;
    private final Runnable handOver = this::handOver;
    private final Runnable reap = this::reap;

    /** Of the loop's thread. */
    private final Queue free = new Queue();

    private final Queue started = new Queue();
    private final Queue reaped = new Queue();

    /** Guards what follows. */
    private final Object lock = new Object();

    private final Queue waiting = new Queue();
    private final Queue done = new Queue();
    private int threads;
    private int idle;
    private boolean closed;

    ThreadedOperations(WorkerLoop loop, String name) {
        this.loop = loop;
        this.name = name;
    }

    @Override
    FileOperation start() {
        loop.operationStarted();
        Slot slot = free.isEmpty() ? new Slot() : free.poll();
        if (started.isEmpty()) {
            loop.atBatchEnd(handOver);
        }
        started.add(slot);
        return slot;
    }

    private void handOver() {
        synchronized (lock) {
            waiting.addAll(started);
            wakeOne();
        }
    }

    /** Sees to it that somebody will take what waits. With the lock. */
    private void wakeOne() {
        if (waiting.isEmpty()) {
            return;
        }
        if (idle > 0) {
            lock.notify();
        } else if (threads < MAX_THREADS) {
            threads++;
            try {
                Thread.ofPlatform().name(name + " I/O " + threads).daemon().start(this::work);
            } catch (OutOfMemoryError e) {
                threads--;
                if (threads == 0) {
                    failAll();
                }
                log.warn("No further I/O thread can be started for {} ({}).", name, e.getMessage());
            }
        }
    }

    /** The host has no thread left, and there is none that could do it later. */
    private void failAll() {
        boolean first = done.isEmpty();
        while (!waiting.isEmpty()) {
            Slot slot = waiting.poll();
            slot.setResult(-Errno.ENOMEM);
            done.add(slot);
        }
        if (first) {
            loop.post(reap);
        }
    }

    private void work() {
        for (Slot slot = next(null); slot != null; slot = next(slot)) {
            slot.perform();
        }
    }

    /** Gives a finished operation back, if there is one, and waits for another; null if the thread is to end. */
    private @Nullable Slot next(@Nullable Slot finished) {
        synchronized (lock) {
            if (finished != null) {
                if (done.isEmpty()) {
                    loop.post(reap);
                }
                done.add(finished);
            }
            if (waiting.isEmpty() && !awaitWork()) {
                threads--;
                return null;
            }
            Slot slot = waiting.poll();
            wakeOne();
            return slot;
        }
    }

    private boolean awaitWork() {
        idle++;
        long end = System.nanoTime() + IDLE_MILLIS * 1_000_000;
        while (waiting.isEmpty() && !closed) {
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                break;
            }
            try {
                lock.wait(left);
            } catch (InterruptedException e) {
                // Nobody has a reason to: the loop ends its threads by closing.
            }
        }
        idle--;
        return !waiting.isEmpty();
    }

    /** Tells whom it concerns of all that is done. On the loop's thread. */
    private void reap() {
        synchronized (lock) {
            reaped.addAll(done);
        }
        while (!reaped.isEmpty()) {
            Slot slot = reaped.poll();
            int result = slot.result();
            IoCompletion completion = slot.release();
            free.add(slot);
            loop.complete(completion, result);
        }
    }

    /** Ends the threads, once everything that was started has been told. */
    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
            lock.notifyAll();
        }
    }

    private static final class Slot extends FileOperation {
        private @Nullable Slot next;
    }

    /** Operations in order of their arrival, linked through themselves. One can be in one queue only. */
    private static final class Queue {
        private @Nullable Slot first;
        private @Nullable Slot last;

        boolean isEmpty() {
            return first == null;
        }

        void add(Slot slot) {
            if (last == null) {
                first = slot;
            } else {
                last.next = slot;
            }
            last = slot;
        }

        /** Moves all of {@code other}'s to the end of this queue. */
        void addAll(Queue other) {
            if (other.first != null) {
                if (last == null) {
                    first = other.first;
                } else {
                    last.next = other.first;
                }
                last = other.last;
                other.first = null;
                other.last = null;
            }
        }

        Slot poll() {
            Slot slot = first;
            if (slot == null) {
                throw new IllegalStateException("The queue is empty.");
            }
            first = slot.next;
            if (first == null) {
                last = null;
            }
            slot.next = null;
            return slot;
        }
    }
}
