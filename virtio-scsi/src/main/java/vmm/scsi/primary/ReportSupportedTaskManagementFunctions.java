package vmm.scsi.primary;

import vmm.scsi.Command;
import vmm.scsi.ItlNexus;
import vmm.scsi.ParameterData;
import vmm.scsi.ScsiTask;

/** REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS (SPC-5 6.36): all that SAM-5 has. */
final class ReportSupportedTaskManagementFunctions implements Command<ItlNexus> {
    private static final int REPD = 1 << 7;

    /** ATS, ATSS, CACAS, CTSS, LURS and QTS. */
    private static final int FUNCTIONS = 0xfc;

    /** QAES, QTSS and ITNRS. */
    private static final int MORE_FUNCTIONS = 0x07;

    @Override
    public void execute(ItlNexus nexus, ScsiTask task) {
        boolean extended = task.cdb().has(2, REPD);
        ParameterData data =
                new ParameterData().u8(FUNCTIONS).u8(MORE_FUNCTIONS).u8(0);
        data.u8(extended ? 0x0c : 0);
        if (extended) {
            // TMFTMOV 0: the timeouts have no meaning
            data.zeros(12);
        }
        task.answer(data, task.cdb().u32(6));
    }
}
