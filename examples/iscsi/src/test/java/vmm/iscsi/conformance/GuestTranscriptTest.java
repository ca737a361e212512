package vmm.iscsi.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GuestTranscriptTest {
    private static final SuiteTest READ = new SuiteTest("Read10", "Simple");
    private static final SuiteTest PREVENT = new SuiteTest("PreventAllow", "Simple");

    private final GuestTranscript transcript = new GuestTranscript(List.of(READ, PREVENT));

    private void add(String... lines) {
        for (String line : lines) {
            transcript.add(line);
        }
    }

    private Result result(SuiteTest test) {
        return Objects.requireNonNull(transcript.results().get(test));
    }

    @Test
    void aTestThatIsOverIsTold() {
        add("Booting", "@@ Read10.Simple thin", "  Test: Simple ...", "passed", "@@ end");
        assertEquals(Set.of(READ), transcript.results().keySet());
        assertEquals(Verdict.Outcome.PASSED, result(READ).verdict().outcome());
        assertTrue(transcript.ended());
        assertNull(transcript.lastBegun());
    }

    @Test
    void aGuestThatIsLostLeavesTheTestItWasIn() {
        add(
                "@@ Read10.Simple thin",
                "  Test: Simple ...",
                "passed",
                "@@ PreventAllow.Simple thin",
                "  Test: Simple ...");
        assertEquals(Set.of(READ), transcript.results().keySet());
        assertFalse(transcript.ended());
        assertEquals("PreventAllow.Simple", transcript.lastBegun());
    }

    @Test
    void theLastRunOfATestCounts() {
        add("@@ PreventAllow.Simple thin", "  Test: Simple ...", "    [SKIPPED] not removable", "passed");
        add("@@ PreventAllow.Simple removable");
        assertTrue(transcript.results().isEmpty());
        add("  Test: Simple ...", "passed", "@@ end");
        assertEquals(Configuration.REMOVABLE, result(PREVENT).configuration());
        assertEquals(Verdict.Outcome.PASSED, result(PREVENT).verdict().outcome());
    }

    @Test
    void aGuestThatNeverBeganHasNoLastTest() {
        add("Kernel panic");
        assertFalse(transcript.ended());
        assertNull(transcript.lastBegun());
    }
}
