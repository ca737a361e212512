package vmm.iscsi.conformance;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a guest tells of the tests it runs: a line {@code @@ TEST DISK} before each, what the test prints, and {@code @@
 * end} after the last. A test that runs on several disks is told by its last run.
 */
final class GuestTranscript {
    private static final String MARK = "@@ ";
    private static final String END = "end";

    private final Map<String, SuiteTest> tests;
    private final Map<SuiteTest, Result> results = new LinkedHashMap<>();
    private final List<String> said = new ArrayList<>();
    private String[] header = {};

    /** @param tests those that the guest may run */
    GuestTranscript(List<SuiteTest> tests) {
        this.tests = tests.stream().collect(Collectors.toMap(SuiteTest::toString, Function.identity()));
    }

    /** The next line, without its end. Returns true if a test begins with it, or all are over. */
    boolean add(String line) {
        if (!line.startsWith(MARK)) {
            said.add(line);
            return false;
        }
        @Nullable SuiteTest test = header.length == 2 ? tests.get(header[0]) : null;
        if (test != null) {
            List<String> output = List.copyOf(said);
            Configuration configuration = Configuration.valueOf(header[1].toUpperCase(Locale.ROOT));
            results.put(
                    test, new Result(test, configuration, Verdict.of(output).judgedBy(Disputes.inGuest(test)), output));
        }
        header = line.substring(MARK.length()).split(" ", -1);
        said.clear();
        @Nullable SuiteTest again = tests.get(header[0]);
        if (again != null) {
            results.remove(again);
        }
        return true;
    }

    /** Of each test that is over, how it went. */
    Map<SuiteTest, Result> results() {
        return results;
    }

    /** True if the guest has said that there is no more. */
    boolean ended() {
        return header.length > 0 && header[0].equals(END);
    }

    /** The test that has begun and is not over, null if none. */
    @Nullable
    String lastBegun() {
        return header.length == 0 || ended() ? null : header[0];
    }
}
