package vmm.event;

import java.util.ArrayDeque;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;

/** Messages from any thread to a loop, in order. Once closed it takes none, so that each one taken is also run. */
final class Mailbox {
    private final Object lock = new Object();
    private final Runnable bell;
    private ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    private ArrayDeque<Runnable> running = new ArrayDeque<>();
    private boolean closed;
    private volatile boolean any;

    /**
     * An empty mailbox.
     *
     * @param bell rung for the first message of a batch, never once the mailbox is closed
     */
    Mailbox(Runnable bell) {
        this.bell = bell;
    }

    /**
     * Adds a message.
     *
     * @throws IllegalStateException if the mailbox is closed
     */
    void post(Runnable message) {
        synchronized (lock) {
            if (closed) {
                throw new IllegalStateException("The event loop is closed.");
            }
            waiting.add(message);
            any = true;
            if (waiting.size() == 1) {
                bell.run();
            }
        }
    }

    /** True if messages wait. Any thread may call. */
    boolean hasMail() {
        return any;
    }

    /** A message that asks {@code question}, for {@link #await}. */
    static <T> FutureTask<T> ask(Supplier<T> question) {
        return new FutureTask<>(question::get);
    }

    /** Waits for the answer to a question that was posted, through interrupts, and throws what the question threw. */
    static <T> T await(Future<T> question) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return question.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } catch (CancellationException e) {
            throw new IllegalStateException("The event loop has failed and will not answer.", e);
        } catch (ExecutionException e) {
            throw rethrow(e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static RuntimeException rethrow(ExecutionException e) {
        Throwable cause = e.getCause();
        if (cause instanceof Error error) {
            throw error;
        }
        return cause instanceof RuntimeException own ? own : new IllegalStateException(cause);
    }

    /**
     * Runs all messages that are there now, each through {@code guard}. Loop thread only.
     *
     * @return true if there were any
     */
    boolean run(Guard guard) {
        ArrayDeque<Runnable> batch;
        synchronized (lock) {
            batch = waiting;
            waiting = running;
            running = batch;
            any = false;
        }
        boolean any = !batch.isEmpty();
        for (Runnable message = batch.poll(); message != null; message = batch.poll()) {
            guard.run(message);
        }
        return any;
    }

    /**
     * Closes the mailbox if no message waits in it.
     *
     * @return true if it is closed
     */
    boolean closeIfEmpty() {
        synchronized (lock) {
            closed |= waiting.isEmpty();
            return closed;
        }
    }

    /**
     * Closes the mailbox at once. Its messages will not run, and who waits for an answer is told so. Loop thread only.
     */
    void abandon() {
        synchronized (lock) {
            closed = true;
        }
        cancel(running);
        cancel(waiting);
    }

    private static void cancel(ArrayDeque<Runnable> messages) {
        for (Runnable message : messages) {
            if (message instanceof Future<?> question) {
                question.cancel(false);
            }
        }
        messages.clear();
    }
}
