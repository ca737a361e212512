package vmm.lab;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Talks with a guest over its serial console: waits for what it says, and types. A command's streams are its ends; one
 * thread talks while another runs the command.
 */
public final class Dialogue implements AutoCloseable {
    private final PipedOutputStream keyboard = new PipedOutputStream();
    private final PipedInputStream input;

    /** All that was said, a character for each byte. */
    private final StringBuilder said = new StringBuilder();

    /** When each piece was said, by its end in the text. */
    private final TreeMap<Integer, Long> times = new TreeMap<>();

    /** Up to where it was waited for. */
    private int heard;

    private boolean ended;

    /** Nothing said yet. */
    public Dialogue() {
        try {
            this.input = new PipedInputStream(keyboard);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The command's standard input. */
    public InputStream input() {
        return input;
    }

    /** The command's standard output. */
    public OutputStream output() {
        return new OutputStream() {
            @Override
            public void write(int b) {
                printed(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) {
                printed(bytes, offset, length);
            }
        };
    }

    private synchronized void printed(byte[] bytes, int offset, int length) {
        said.append(new String(bytes, offset, length, StandardCharsets.ISO_8859_1));
        times.put(said.length(), System.nanoTime());
        notifyAll();
    }

    /** The command has ended: whoever waits need not. */
    public synchronized void end() {
        ended = true;
        notifyAll();
    }

    /**
     * Waits for a text behind the one that was waited for last.
     *
     * @return when it was said, by {@link System#nanoTime}; nothing if it was not in this time, or the command has
     *     ended
     */
    public synchronized OptionalLong await(String text, Duration limit) throws InterruptedException {
        return awaitUntold(text, limit)
                ? OptionalLong.of(
                        Objects.requireNonNull(times.ceilingEntry(heard)).getValue())
                : OptionalLong.empty();
    }

    /** As {@link #await}, but returns what was said between the two. */
    public synchronized Optional<String> take(String text, Duration limit) throws InterruptedException {
        int from = heard;
        return awaitUntold(text, limit) ? Optional.of(said.substring(from, heard - text.length())) : Optional.empty();
    }

    private boolean awaitUntold(String text, Duration limit) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        while (true) {
            int at = said.indexOf(text, heard);
            if (at >= 0) {
                heard = at + text.length();
                return true;
            }
            long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (ended || left <= 0) {
                return false;
            }
            wait(left);
        }
    }

    /** Types a line. */
    public void type(String line) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(line.getBytes(StandardCharsets.UTF_8));
        // What the Enter key sends.
        bytes.write('\r');
        try {
            keyboard.write(bytes.toByteArray());
            keyboard.flush();
        } catch (IOException e) {
            // The command has ended, which the next wait tells.
            end();
        }
    }

    /** All that was said. */
    public synchronized String text() {
        return said.toString();
    }

    /** What was said since the last text that was waited for. */
    public synchronized String rest() {
        return said.substring(heard);
    }

    /** Ends the command's input. */
    @Override
    public void close() {
        try {
            keyboard.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
