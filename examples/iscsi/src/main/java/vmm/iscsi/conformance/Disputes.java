package vmm.iscsi.conformance;

import java.util.Map;

/** Tests of libiscsi 1.19 that a device which obeys the standards fails. The standard wins. */
final class Disputes {
    private static final Map<String, String> CLAUSES = Map.of(
            "ReportSupportedOpcodes.OneCommand",
            "has room for 16 bytes of CDB USAGE DATA; SPC-5 6.35 has as many as the CDB, and there are CDBs of 32",
            "StartStopUnit.NoLoej",
            "expects a stopped disk to be ready; SBC-4 5.31 and SPC-5 (TEST UNIT READY) have it NOT READY until it is"
                    + " started",
            "StartStopUnit.PwrCnd",
            "expects GOOD for reserved values of POWER CONDITION; SBC-4 5.31 knows 0h to 3h, 5h, 7h, Ah and Bh, and SPC-5"
                    + " 4.2 has reserved values refused",
            "WriteSame10.UnmapUntilEnd",
            "sends blocks of FFh with UNMAP and expects zeros; SBC-4 5.49 has blocks unmapped only if they then read as"
                    + " what was sent",
            "iSCSITMF.LUNResetSimpleAsync",
            "looks at the answer to its LOGICAL UNIT RESET before it has sent the request");

    private Disputes() {}

    /** In what a test is wrong, and the clause that says so; empty if it is not known to be. */
    static String about(SuiteTest test) {
        return CLAUSES.getOrDefault(test.toString(), "");
    }
}
