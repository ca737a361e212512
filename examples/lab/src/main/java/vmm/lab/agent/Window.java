package vmm.lab.agent;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * How many bytes of one stream the other side is ready to take, so that a stream nobody reads stops its own command and
 * nothing else. Any thread may call.
 */
public final class Window {
    /** Bytes of a stream that may be on their way. */
    public static final int SIZE = 512 * 1024;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private int available = SIZE;
    private boolean closed;

    /** A window that is open by {@link #SIZE}. */
    public Window() {}

    /**
     * Waits until {@code count} bytes may be sent.
     *
     * @return false if the window was closed: nobody wants them
     */
    public boolean acquire(int count) {
        lock.lock();
        try {
            while (!closed && available < count) {
                changed.awaitUninterruptibly();
            }
            available -= count;
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    /** Whether a sender waits in {@link #acquire}. */
    boolean isWaiting() {
        lock.lock();
        try {
            return lock.hasWaiters(changed);
        } finally {
            lock.unlock();
        }
    }

    /** The other side took {@code count} bytes. */
    public void release(int count) {
        lock.lock();
        try {
            available += count;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Ends all waiting. */
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
