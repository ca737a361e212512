package vmm.iscsi.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The whole of libiscsi's suite, over iSCSI. */
class ConformanceTest {
    @Test
    void noTestOfLibiscsiFailsAndNoneIsSkipped() {
        assumeTrue(TestClient.isInstalled(), "iscsi-test-cu is not installed (Debian package libiscsi-bin).");

        // One test sleeps for a minute, for which examples/iscsi/conformance has the time.
        List<SuiteTest> tests = TestClient.tests().stream()
                .filter(test -> !test.toString().equals(NativeSuite.SLOW_TEST))
                .toList();
        List<Result> results = Conformance.runAll(tests, Configuration.THIN);

        Report report = new Report(results);
        assertEquals(0, report.count(Verdict.Outcome.FAILED), () -> report.table() + report.failures(40));
        assertEquals(0, report.count(Verdict.Outcome.SKIPPED), report::table);
        assertTrue(results.size() >= 229, () -> results.size() + " tests");
    }
}
