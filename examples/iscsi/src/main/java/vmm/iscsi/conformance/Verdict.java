package vmm.iscsi.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How a test went.
 *
 * @param outcome in a word
 * @param reason why it failed or was skipped, in the words of the test; empty if it passed
 */
record Verdict(Outcome outcome, String reason) {
    /** In a word. */
    enum Outcome {
        PASSED,
        FAILED,
        /** It failed, and is wrong about the standard: see {@link Disputes}. */
        DISPUTED,
        SKIPPED;

        /** In words for people. */
        String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final String TEST = "  Test: ";
    private static final String SKIPPED = "[SKIPPED]";
    private static final String FAILED = "[FAILED]";

    /** A test that did not end. */
    static Verdict timeout(long seconds) {
        return new Verdict(Outcome.FAILED, "no end after " + seconds + " s");
    }

    /**
     * Reads what {@code iscsi-test-cu -V} printed about a single test. What it prints before and after that test is
     * about its own preparations, so it says nothing of the test.
     */
    static Verdict of(List<String> output) {
        List<String> own = new ArrayList<>();
        boolean inTest = false;
        for (String line : output) {
            String said = line;
            if (line.startsWith(TEST)) {
                inTest = true;
                said = line.replaceFirst(TEST + "\\S+ \\.\\.\\.", "");
            }
            if (inTest && said.startsWith("passed")) {
                return passed(own);
            } else if (inTest && said.startsWith("FAILED")) {
                return new Verdict(Outcome.FAILED, complaint(own, output));
            } else if (inTest) {
                own.add(said);
            }
        }
        String last = output.isEmpty() ? "it said nothing" : output.getLast().strip();
        return new Verdict(Outcome.FAILED, "the client ended early: " + last);
    }

    /** The same, unless it failed and a clause says that the test is wrong; the clause is empty if none does. */
    Verdict judgedBy(String clause) {
        return outcome != Outcome.FAILED || clause.isEmpty() ? this : new Verdict(Outcome.DISPUTED, clause);
    }

    private static Verdict passed(List<String> own) {
        if (own.isEmpty()) {
            return new Verdict(Outcome.SKIPPED, "the test gave up before its first step");
        }
        return own.stream()
                .filter(said -> said.contains(SKIPPED))
                .findFirst()
                .map(said -> new Verdict(Outcome.SKIPPED, after(SKIPPED, said)))
                .orElseGet(() -> new Verdict(Outcome.PASSED, ""));
    }

    /** What the test says before it fails, or the assertion that did not hold. */
    private static String complaint(List<String> own, List<String> output) {
        for (String line : own) {
            if (line.contains(FAILED)) {
                return after(FAILED, line);
            }
        }
        return output.stream()
                .filter(line -> line.strip().matches("\\d+\\. .*"))
                .findFirst()
                .map(String::strip)
                .orElse("no reason given");
    }

    private static String after(String mark, String line) {
        return line.substring(line.indexOf(mark) + mark.length()).strip();
    }
}
