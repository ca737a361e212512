package vmm.lab.agent;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * The receiving end of one stream: takes what came off the link without waiting, and writes it to its sink on a thread
 * of its own. The sender's {@link Window} bounds what is queued here.
 */
public final class Inflow {
    /** Told how many bytes the sink took. */
    @FunctionalInterface
    public interface Taken {
        /** {@code count} bytes are gone. */
        void taken(int count) throws IOException;
    }

    private final LinkedBlockingQueue<byte[]> queue = new LinkedBlockingQueue<>();
    private final OutputStream sink;
    private final boolean closeSink;
    private final Taken taken;
    private final Runnable broken;
    private final Thread thread;

    /**
     * Starts the thread.
     *
     * @param name the thread's name
     * @param closeSink whether the end of the stream closes the sink, or only flushes it
     * @param taken gives the sender its credit back
     * @param broken told once if the sink takes no more; what follows is swallowed
     */
    public Inflow(String name, OutputStream sink, boolean closeSink, Taken taken, Runnable broken) {
        this.sink = sink;
        this.closeSink = closeSink;
        this.taken = taken;
        this.broken = broken;
        // A platform thread: a write to a pipe may wait for ever, and would hold a virtual thread's carrier.
        this.thread = Thread.ofPlatform().daemon().name(name).start(this::drain);
    }

    /** Queues bytes; none means the stream's end. */
    public void put(byte[] bytes) {
        queue.add(bytes);
    }

    /** Waits until the sink has everything, the end included. */
    public void join() throws InterruptedException {
        thread.join();
    }

    private void drain() {
        boolean open = true;
        try {
            byte[] bytes = queue.take();
            while (bytes.length > 0) {
                if (open && !write(bytes)) {
                    open = false;
                    broken.run();
                }
                taken.taken(bytes.length);
                bytes = queue.take();
            }
        } catch (InterruptedException | IOException e) {
            // The session is over, and with it this stream; its owner sees that on the link.
            Thread.currentThread().interrupt();
        } finally {
            finish();
        }
    }

    private boolean write(byte[] bytes) {
        try {
            sink.write(bytes);
            if (queue.isEmpty()) {
                sink.flush();
            }
            // A PrintStream keeps its trouble to itself.
            return !(sink instanceof PrintStream print && print.checkError());
        } catch (IOException e) {
            return false;
        }
    }

    private void finish() {
        try {
            if (closeSink) {
                sink.close();
            } else {
                sink.flush();
            }
        } catch (IOException e) {
            // Whoever read it is gone.
            return;
        }
    }
}
