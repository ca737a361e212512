package vmm.launcher;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;

/** The console of a guest and its VMM: takes what they say, line by line, and types when the listener says so. */
final class LinuxConsole implements AutoCloseable {
    /** What a listener makes of a line. */
    enum Answer {
        /** It is one of many. */
        NOTHING,
        /** It does not belong to what is kept. */
        FORGET,
        /** The guest waits for somebody to press Enter. */
        ENTER
    }

    /** Is told every line. */
    interface Listener {
        /**
         * A line was printed.
         *
         * @param vmm the process
         */
        Answer heard(String line, long vmm) throws IOException;
    }

    /** What the shell prints that becomes the VMM: its process. */
    static final String PID = "pid ";

    private final Listener listener;
    private final StringBuilder kept = new StringBuilder();
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private final PipedOutputStream keyboard = new PipedOutputStream();
    private final PipedInputStream input;
    private long vmm;

    LinuxConsole(Listener listener) throws IOException {
        this.listener = listener;
        this.input = new PipedInputStream(keyboard);
    }

    InputStream input() {
        return input;
    }

    /** Standard output and standard error alike. */
    OutputStream output() {
        return new OutputStream() {
            @Override
            public void write(int character) throws IOException {
                printed(character);
            }
        };
    }

    private synchronized void printed(int character) throws IOException {
        if (character != '\n') {
            line.write(character);
            return;
        }
        String text = line.toString(StandardCharsets.UTF_8).strip();
        line.reset();
        if (text.startsWith(PID)) {
            vmm = Long.parseLong(text.substring(PID.length()));
        }
        Answer answer = listener.heard(text, vmm);
        if (answer != Answer.FORGET) {
            kept.append(text).append('\n');
        }
        if (answer == Answer.ENTER) {
            keyboard.write('\n');
            keyboard.flush();
        }
    }

    /** All that was said and is not to be forgotten. */
    synchronized String text() {
        return kept + line.toString(StandardCharsets.UTF_8);
    }

    @Override
    public void close() throws IOException {
        keyboard.close();
    }
}
