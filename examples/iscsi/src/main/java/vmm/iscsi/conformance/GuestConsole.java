package vmm.iscsi.conformance;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** Splits what a guest prints into the lines of a transcript, keeps a copy, and shows how far it is. */
final class GuestConsole extends OutputStream {
    private static final int PROGRESS = 25;

    private final OutputStream copy;
    private final GuestTranscript transcript;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private int runs;

    /** @param copy takes every byte; stays its owner's */
    GuestConsole(OutputStream copy, GuestTranscript transcript) {
        this.copy = copy;
        this.transcript = transcript;
    }

    @Override
    public synchronized void write(int b) throws IOException {
        copy.write(b);
        if (b == '\n') {
            if (transcript.add(line.toString(StandardCharsets.ISO_8859_1)) && ++runs % PROGRESS == 0) {
                System.err.println("vmm: " + runs + " runs");
            }
            line.reset();
        } else if (b != '\r') {
            line.write(b);
        }
    }

    @Override
    public synchronized void flush() throws IOException {
        copy.flush();
    }
}
