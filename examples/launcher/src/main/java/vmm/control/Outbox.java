package vmm.control;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What is still to be sent to one client, and the thread that sends it: so nobody who has an event to tell waits for a
 * client that does not listen. It is bounded: whoever is behind with too many events is hung up on, and whoever does
 * not read answers gets to say no more commands.
 */
final class Outbox {
    /** More events than a machine has while a client that listens is held up. */
    static final int MOST_EVENTS = 1024;

    private static final int MOST_ANSWER_BYTES = 1 << 20;

    private final WritableByteChannel channel;

    /** Guarded by this. */
    private final ArrayDeque<Item> items = new ArrayDeque<>();

    /** Guarded by this. */
    private int events;

    /** Guarded by this. */
    private long answerBytes;

    /** Nothing more is taken. Guarded by this. */
    private boolean closed;

    /** Nothing more will be sent. Guarded by this. */
    private boolean ended;

    /** By {@link System#nanoTime}, when there is one. Guarded by this. */
    private long deadline;

    /** What the client is told at the deadline. Guarded by this. */
    private byte @Nullable [] reproach;

    private record Item(ByteBuffer line, int length, boolean event) {
        static Item of(byte[] line, boolean event) {
            return new Item(ByteBuffer.wrap(line), line.length, event);
        }
    }

    Outbox(WritableByteChannel channel) {
        this.channel = channel;
    }

    /** Takes an event; returns at once. */
    synchronized void event(byte[] line) {
        if (closed) {
            return;
        }
        if (events == MOST_EVENTS) {
            hangUp();
            return;
        }
        events++;
        add(Item.of(line, true));
    }

    /** Takes an answer, when the client has read most of those before. */
    synchronized void answer(byte[] line) {
        boolean interrupted = false;
        while (answerBytes > MOST_ANSWER_BYTES && !closed) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (!closed) {
            answerBytes += line.length;
            add(Item.of(line, false));
        }
    }

    private void add(Item item) {
        items.add(item);
        notifyAll();
    }

    /** At a time by {@link System#nanoTime} the client will be told {@code line} and hung up on. */
    synchronized void expect(long until, byte[] line) {
        deadline = until;
        reproach = line;
        notifyAll();
    }

    /** Ends {@link #expect}. */
    synchronized void expectNothing() {
        reproach = null;
    }

    /** Sends what comes until there is an end; then nobody can use the channel any more. */
    void run() {
        try (channel) {
            for (Item item = take(); item != null; item = take()) {
                while (item.line().hasRemaining()) {
                    channel.write(item.line());
                }
                sent(item);
            }
        } catch (IOException gone) {
            // Its reader finds out, too.
        } finally {
            end();
        }
    }

    private synchronized @Nullable Item take() {
        try {
            while (items.isEmpty() && !closed) {
                byte[] line = reproach;
                if (line == null) {
                    wait();
                } else if (deadline - System.nanoTime() > 0) {
                    TimeUnit.NANOSECONDS.timedWait(this, Math.max(1_000_000, deadline - System.nanoTime()));
                } else {
                    closed = true;
                    return Item.of(line, false);
                }
            }
        } catch (InterruptedException e) {
            closed = true;
            Thread.currentThread().interrupt();
        }
        return items.poll();
    }

    private synchronized void sent(Item item) {
        if (item.event()) {
            events--;
        } else {
            answerBytes -= item.length();
        }
        notifyAll();
    }

    private synchronized void end() {
        closed = true;
        ended = true;
        items.clear();
        notifyAll();
    }

    /** Takes nothing more; what is there is sent, if the client reads it. */
    synchronized void close() {
        closed = true;
        notifyAll();
    }

    /** Waits until everything is sent that will be, but not for long. */
    synchronized void awaitEnd(Duration time) throws InterruptedException {
        long end = System.nanoTime() + time.toNanos();
        for (long left = time.toNanos(); !ended && left > 0; left = end - System.nanoTime()) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }

    private void hangUp() {
        closed = true;
        items.clear();
        try {
            channel.close();
        } catch (IOException alreadyGone) {
            // That is what is wanted.
        }
        notifyAll();
    }
}
