package vmm.lab;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import vmm.lab.agent.Frame;
import vmm.lab.agent.FrameType;
import vmm.lab.agent.Inflow;
import vmm.lab.agent.Window;

/** A command that runs in the lab. */
final class LabCommand {
    static final int SIGINT = 2;
    static final int SIGKILL = 9;
    static final int SIGPIPE = 13;
    static final int SIGTERM = 15;

    private static final int CHUNK = 32 * 1024;

    private final LabSession session;
    private final int channel;
    private final InputStream stdin;
    private final Inflow out;
    private final Inflow err;
    private final Window inWindow = new Window();
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean lost;
    private volatile int status;

    LabCommand(LabSession session, int channel, RunOptions options) {
        this.session = session;
        this.channel = channel;
        this.stdin = options.stdin();
        this.out = inflow("lab-stdout-" + channel, options.stdout(), FrameType.STDOUT);
        this.err = inflow("lab-stderr-" + channel, options.stderr(), FrameType.STDERR);
    }

    private Inflow inflow(String name, OutputStream sink, FrameType stream) {
        return new Inflow(
                name,
                sink,
                false,
                count -> {
                    byte[] credit = Frame.ints(stream.code(), count);
                    session.send(FrameType.CREDIT, channel, credit, credit.length);
                },
                () -> signalQuietly(SIGPIPE));
    }

    void startInput() {
        Thread.ofPlatform().daemon().name("lab-stdin-" + channel).start(this::pumpInput);
    }

    private void pumpInput() {
        byte[] buffer = new byte[CHUNK];
        try {
            int count = stdin.read(buffer);
            while (count > 0 && inWindow.acquire(count)) {
                session.send(FrameType.STDIN, channel, buffer, count);
                count = stdin.read(buffer);
            }
            session.send(FrameType.STDIN, channel, buffer, 0);
        } catch (IOException e) {
            // Either end is gone; the command's own end tells the rest.
            return;
        }
    }

    /** Takes a frame from the reader; true if it was the last. */
    boolean take(Frame frame) {
        switch (frame.type()) {
            case STDOUT -> out.put(frame.payload());
            case STDERR -> err.put(frame.payload());
            case CREDIT -> inWindow.release(frame.intAt(4));
            case EXIT -> {
                status = frame.intAt(0);
                end();
                return true;
            }
            case HELLO, WELCOME, START, STDIN, SIGNAL, PING, PONG, SHUTDOWN -> {
                // None of them concerns a command here.
                return false;
            }
        }
        return false;
    }

    /** The connection is gone. */
    void lost() {
        if (ended.getCount() > 0) {
            lost = true;
            out.put(new byte[0]);
            err.put(new byte[0]);
            end();
        }
    }

    private void end() {
        inWindow.close();
        ended.countDown();
    }

    boolean isLost() {
        return lost;
    }

    /** Waits for the end; false if it did not come in time. */
    boolean await(Duration limit) throws InterruptedException {
        return ended.await(limit.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Waits for the end, and until all output is in the sinks; returns the exit status. */
    int await() throws InterruptedException {
        ended.await();
        out.join();
        err.join();
        return status;
    }

    void signalQuietly(int number) {
        try {
            session.send(FrameType.SIGNAL, channel, Frame.ints(number), 4);
        } catch (IOException e) {
            // The connection is gone, and the command with it.
            return;
        }
    }
}
