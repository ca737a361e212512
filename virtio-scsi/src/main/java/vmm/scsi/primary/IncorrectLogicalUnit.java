package vmm.scsi.primary;

import vmm.scsi.ItNexus;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;

/** What a target answers where it has no logical unit (SAM-5, incorrect LUN). */
final class IncorrectLogicalUnit {
    private static final int REQUEST_SENSE = 0x03;

    private IncorrectLogicalUnit() {}

    /** Runs a command to its end. */
    static void execute(ItNexus nexus, int lun, ScsiTask task) {
        switch (task.cdb().operationCode()) {
            case Inquiry.OPERATION_CODE -> Inquiry.answerWithoutLogicalUnit(task);
            case REQUEST_SENSE -> RequestSense.answer(task, SenseCode.LOGICAL_UNIT_NOT_SUPPORTED);
            case ReportLuns.OPERATION_CODE -> {
                // SPC-5, REPORT LUNS: where nobody knows yet what there is, one asks LUN 0, be it there or not
                if (lun == 0) {
                    ReportLuns.answer(nexus.target(), task);
                } else {
                    task.fail(SenseCode.LOGICAL_UNIT_NOT_SUPPORTED);
                }
            }
            default -> task.fail(SenseCode.LOGICAL_UNIT_NOT_SUPPORTED);
        }
    }
}
