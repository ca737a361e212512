package vmm.iscsi.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import vmm.iscsi.conformance.Verdict.Outcome;

class VerdictTest {
    private static final String BEFORE = """
                Send PRIN/READ_KEYS
                [SKIPPED] PERSISTENT RESERVE IN is not implemented.

            Suite: Read10
            """;

    private static Verdict of(String own) {
        return Verdict.of((BEFORE + own).lines().toList());
    }

    @Test
    void whatIsSkippedBeforeOrAfterTheTestIsNotTheTest() {
        assertEquals(new Verdict(Outcome.PASSED, ""), of("""
                  Test: Simple ...
                    Test READ10 of 1-256 blocks
                passed    Send PRIN/READ_KEYS
                    [SKIPPED] PERSISTENT RESERVE IN is not implemented.
                """));
    }

    @Test
    void aTestThatSkipsAPartIsSkipped() {
        assertEquals(new Verdict(Outcome.SKIPPED, "WRITEATOMIC16 is not implemented."), of("""
                  Test: Simple ...
                    Send WRITEATOMIC16
                    [SKIPPED] WRITEATOMIC16 is not implemented.
                passed
                """));
    }

    @Test
    void aTestThatPassesWithoutAStepIsSkipped() {
        assertEquals(
                Outcome.SKIPPED,
                of("  Test: CompareAndWrite ...passed    Send PRIN/READ_KEYS\n").outcome());
    }

    @Test
    void aFailureHasItsReason() {
        assertEquals(new Verdict(Outcome.FAILED, "Target set residual overflow"), of("""
                  Test: Residuals ...
                    [FAILED] Target set residual overflow
                FAILED
                    1. test_x.c:10  - CU_ASSERT(0)
                """));
        assertEquals(new Verdict(Outcome.FAILED, "1. test_x.c:10  - CU_ASSERT(0)"), of("""
                  Test: Residuals ...FAILED
                    1. test_x.c:10  - CU_ASSERT(0)
                """));
    }

    @Test
    void aClientThatDiesHasFailed() {
        assertEquals(
                new Verdict(Outcome.FAILED, "the client ended early: Segmentation fault"),
                of("  Test: Residuals ...\nSegmentation fault\n"));
    }

    @Test
    void aKnownWrongTestIsDisputed() {
        Verdict failed = new Verdict(Outcome.FAILED, "x");

        assertEquals(
                Outcome.DISPUTED,
                failed.judgedBy(Disputes.about(new SuiteTest("ReportSupportedOpcodes", "OneCommand")))
                        .outcome());
        assertEquals(failed, failed.judgedBy(Disputes.about(new SuiteTest("Inquiry", "EVPD"))));
    }
}
