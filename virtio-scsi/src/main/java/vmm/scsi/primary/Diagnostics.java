package vmm.scsi.primary;

import vmm.scsi.Cdb;
import vmm.scsi.ItlNexus;
import vmm.scsi.ParameterData;
import vmm.scsi.ParameterList;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;

/**
 * SEND DIAGNOSTIC and RECEIVE DIAGNOSTIC RESULTS (SPC-5 6.42, 6.30): the default self-test, which a device without
 * moving parts passes at once, and the page that lists the pages.
 */
final class Diagnostics {
    private static final int SELF_TEST_CODE = 0b111 << 5;
    private static final int PF = 4;
    private static final int SELFTEST = 1 << 2;
    private static final int PCV = 1;

    /** The page code of Supported Diagnostic Pages. */
    private static final int SUPPORTED_PAGES = 0x00;

    private static final int PAGE_HEADER = 4;

    private Diagnostics() {}

    /** SEND DIAGNOSTIC. */
    static void send(ItlNexus nexus, ScsiTask task) {
        Cdb cdb = task.cdb();
        int length = cdb.u16(3);
        if (cdb.has(1, SELF_TEST_CODE)) {
            task.invalidField(1, 7);
        } else if (cdb.has(1, SELFTEST) && length != 0) {
            task.invalidField(3, ScsiTask.WHOLE_BYTE);
        } else if (length == 0) {
            task.end(ScsiStatus.GOOD);
        } else if (!cdb.has(1, 1 << PF)) {
            // Parameters of the form that vendors chose before SCSI-2
            task.invalidField(1, PF);
        } else {
            ParameterList list = task.parameterList(length);
            if (list != null) {
                select(task, list);
            }
        }
    }

    /** The only page there is has no parameters. */
    private static void select(ScsiTask task, ParameterList list) {
        if (list.length() < PAGE_HEADER) {
            task.fail(SenseCode.PARAMETER_LIST_LENGTH_ERROR);
        } else if (list.u8(0) != SUPPORTED_PAGES) {
            task.invalidParameter(0, ScsiTask.WHOLE_BYTE);
        } else if (list.u16(2) != 0) {
            task.invalidParameter(2, ScsiTask.WHOLE_BYTE);
        } else {
            task.end(ScsiStatus.GOOD);
        }
    }

    /** RECEIVE DIAGNOSTIC RESULTS. */
    static void receive(ItlNexus nexus, ScsiTask task) {
        Cdb cdb = task.cdb();
        if (cdb.has(1, PCV) && cdb.u8(2) != SUPPORTED_PAGES) {
            task.invalidField(2, ScsiTask.WHOLE_BYTE);
            return;
        }
        ParameterData page =
                new ParameterData().u8(SUPPORTED_PAGES).u8(0).u16(1).u8(SUPPORTED_PAGES);
        task.answer(page, cdb.u16(3));
    }
}
