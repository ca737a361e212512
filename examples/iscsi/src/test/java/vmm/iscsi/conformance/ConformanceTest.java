package vmm.iscsi.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The whole of libiscsi's suite, over iSCSI. */
class ConformanceTest {
    /** The tests that are skipped, by the beginning of the reason. */
    private static final Map<String, String> SKIPPED = Map.of(
            "ExtendedCopy.Simple", "EXTENDEDCOPY is not implemented",
            "ExtendedCopy.ParamHdr", "EXTENDEDCOPY is not implemented",
            "ExtendedCopy.DescrLimits", "RECEIVECOPYRESULT is not implemented",
            "ExtendedCopy.DescrType", "EXTENDEDCOPY is not implemented",
            "ExtendedCopy.ValidTgtDescr", "EXTENDEDCOPY is not implemented",
            "ExtendedCopy.ValidSegDescr", "EXTENDEDCOPY is not implemented",
            "ReceiveCopyResults.CopyStatus", "RECEIVECOPYRESULT is not implemented",
            "ReceiveCopyResults.OpParams", "RECEIVECOPYRESULT is not implemented");

    @Test
    void noTestOfLibiscsiFailsAndNoneIsSkippedWithoutNeed() {
        assumeTrue(TestClient.isInstalled(), "iscsi-test-cu is not installed (Debian package libiscsi-bin).");

        // One test sleeps for a minute, for which examples/iscsi/conformance has the time.
        List<SuiteTest> tests = TestClient.tests().stream()
                .filter(test -> !test.toString().equals(NativeSuite.SLOW_TEST))
                .toList();
        List<Result> results = Conformance.runAll(tests, Configuration.THIN);

        Report report = new Report(results);
        assertEquals(0, report.count(Verdict.Outcome.FAILED), () -> report.table() + report.failures(40));
        for (Result result : results) {
            if (result.verdict().outcome() == Verdict.Outcome.SKIPPED) {
                String expected = SKIPPED.get(result.test().toString());
                assertTrue(
                        expected != null && result.verdict().reason().startsWith(expected),
                        () -> result.test() + " is skipped: " + result.verdict().reason());
            }
        }
        assertTrue(results.size() >= 229, () -> results.size() + " tests");
    }
}
