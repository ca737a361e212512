package vmm.iscsi.conformance;

import java.util.Map;

/**
 * Tests of libiscsi 1.19 that no device can pass, or none that obeys the standards: then the standard wins. Clauses are
 * those of SBC-4 and SPC-4.
 */
final class Disputes {
    private static final String TOO_LITTLE =
            "expects sense data for half a block; virtio 1.3 5.6.6.1 answers buffers that are too small for the CDB with"
                    + " VIRTIO_SCSI_S_OVERRUN, of which Linux makes a host error";

    private static final Map<String, String> CLAUSES = Map.of(
            "StartStopUnit.NoLoej",
            "expects a disk to be ready that START STOP UNIT has stopped; SBC-4 5.31 stops it when START and LOEJ are 0,"
                    + " and 4.20.4 then has TEST UNIT READY end with NOT READY",
            "StartStopUnit.PwrCnd",
            "expects GOOD for every POWER CONDITION; SBC-4 5.31 (table 114) reserves 4h, 6h, 8h, 9h and Ch to Fh, and"
                    + " 3.4.8 has reserved code values reported as errors",
            "ReportSupportedOpcodes.OneCommand",
            "looks at the first 16 bytes of CDB USAGE DATA, where the client has not copied any of a longer CDB; SPC-4"
                    + " 6.35.3 has as many as the CDB, and there are CDBs of 32",
            "WriteSame10.UnmapUntilEnd",
            "sends blocks of FFh with UNMAP and expects zeros; SBC-4 4.7.3.4.4 has what is not zero written, and nothing"
                    + " unmapped, where unmapped blocks read as zeros (LBPRZ)",
            "iSCSITMF.LUNResetSimpleAsync",
            "looks at the answer to its LOGICAL UNIT RESET before it has sent the request; libiscsi 1.20 has mended that");

    /** Those that go through Linux's SG_IO and a virtio-scsi controller; the clause is that of virtio 1.3. */
    private static final Map<String, String> IN_GUEST = Map.of(
            "WriteSame10.InvalidDataOutSize", TOO_LITTLE,
            "WriteSame16.InvalidDataOutSize", TOO_LITTLE);

    private Disputes() {}

    /** In what a test is wrong, and the clause that says so if one does; empty if it is not known to be wrong. */
    static String about(SuiteTest test) {
        return CLAUSES.getOrDefault(test.toString(), "");
    }

    /** As {@link #about}, if the test has run in a guest. */
    static String inGuest(SuiteTest test) {
        return IN_GUEST.getOrDefault(test.toString(), about(test));
    }
}
