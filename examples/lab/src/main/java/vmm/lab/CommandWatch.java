package vmm.lab;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;

/** Tells when a command has been running, or has been silent, for longer than it may. */
final class CommandWatch {
    private final RunOptions options;
    private final long start = System.nanoTime();
    private volatile long heard = start;

    /** How the command's end is waited for. */
    @FunctionalInterface
    interface End {
        /** True as soon as it has come, false if it did not come in time. */
        boolean await(Duration limit) throws InterruptedException;
    }

    CommandWatch(RunOptions options) {
        this.options = options;
    }

    /** The options that the command is to be started with, so that its output is noticed. */
    RunOptions options() {
        return options.silenceLimit().isZero()
                ? options
                : options.withStreams(
                        options.stdin(), new Listening(options.stdout()), new Listening(options.stderr()));
    }

    /** Waits for the end; false if a limit has passed before. */
    boolean await(End end) throws InterruptedException {
        while (true) {
            long left = Math.min(left(options.timeLimit(), start), left(options.silenceLimit(), heard));
            if (end.await(Duration.ofNanos(Math.max(left, 0)))) {
                return true;
            }
            // More may have been heard meanwhile.
            if (left(options.timeLimit(), start) <= 0 || left(options.silenceLimit(), heard) <= 0) {
                return false;
            }
        }
    }

    private static long left(Duration limit, long since) {
        return limit.isZero() ? Long.MAX_VALUE : limit.toNanos() - (System.nanoTime() - since);
    }

    /** Output of which the time is taken. */
    private final class Listening extends OutputStream {
        private final OutputStream target;

        Listening(OutputStream target) {
            this.target = target;
        }

        @Override
        public void write(int b) throws IOException {
            heard = System.nanoTime();
            target.write(b);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            heard = System.nanoTime();
            target.write(bytes, from, length);
        }

        @Override
        public void flush() throws IOException {
            target.flush();
        }
    }
}
