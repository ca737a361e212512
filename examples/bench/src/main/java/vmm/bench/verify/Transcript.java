package vmm.bench.verify;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.regex.Pattern;

/** What a guest and the script around it tell, passed on as it comes. One thread writes. */
final class Transcript extends OutputStream {
    private static final Pattern ROUND = Pattern.compile("\\S+ round \\d+ sizes \\S+ depth \\d+: .*");

    private final PrintStream out;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private long firstRound;
    private long lastRound;
    private long rounds;
    private boolean failed;

    Transcript(PrintStream out) {
        this.out = out;
    }

    @Override
    public void write(int value) {
        out.write(value);
        if (value == '\n') {
            out.flush();
            take(line.toString(StandardCharsets.UTF_8).strip());
            line.reset();
        } else {
            line.write(value);
        }
    }

    private void take(String words) {
        if (ROUND.matcher(words).matches()) {
            lastRound = System.nanoTime();
            firstRound = rounds == 0 ? lastRound : firstRound;
            rounds++;
        } else if (words.startsWith("FAILED")) {
            failed = true;
        }
    }

    /** How many rounds have been read back right. */
    long rounds() {
        return rounds;
    }

    /** True if something was not read back right, or an image is damaged. */
    boolean failed() {
        return failed;
    }

    /** The time from the first round's end to the last one's. */
    Duration checkedTime() {
        return Duration.ofNanos(lastRound - firstRound);
    }
}
