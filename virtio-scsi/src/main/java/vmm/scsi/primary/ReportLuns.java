package vmm.scsi.primary;

import java.util.Arrays;
import vmm.scsi.Command;
import vmm.scsi.ItlNexus;
import vmm.scsi.LunAddress;
import vmm.scsi.ParameterData;
import vmm.scsi.ScsiTarget;
import vmm.scsi.ScsiTask;
import vmm.scsi.UnitAttention;

/** REPORT LUNS (SPC-5): which logical units the target has for this initiator. */
final class ReportLuns implements Command<ItlNexus> {
    static final int OPERATION_CODE = 0xa0;

    // SELECT REPORT (SPC-5, REPORT LUNS)
    private static final int ADDRESSED_BY_NUMBER = 0x00;
    private static final int WELL_KNOWN = 0x01;
    private static final int ALL = 0x02;
    private static final int ADMINISTRATIVE = 0x10;
    private static final int WITHOUT_SUBSIDIARY = 0x11;
    private static final int SUBSIDIARY = 0x12;

    @Override
    public void execute(ItlNexus nexus, ScsiTask task) {
        nexus.settle(UnitAttention.REPORTED_LUNS_CHANGED);
        answer(nexus.initiator().target(), task);
    }

    /** Ends the command with the logical units of {@code target}. */
    static void answer(ScsiTarget target, ScsiTask task) {
        int select = task.cdb().u8(2);
        switch (select) {
            // There are no conglomerates, so no administrative and no subsidiary logical units
            case ADDRESSED_BY_NUMBER, WITHOUT_SUBSIDIARY -> answer(target.addresses(), task);
            case WELL_KNOWN -> answer(new long[] {LunAddress.encode(LunAddress.REPORT_LUNS)}, task);
            case ALL -> {
                long[] luns = target.addresses();
                long[] all = Arrays.copyOf(luns, luns.length + 1);
                all[luns.length] = LunAddress.encode(LunAddress.REPORT_LUNS);
                answer(all, task);
            }
            case ADMINISTRATIVE, SUBSIDIARY -> answer(new long[0], task);
            default -> task.invalidField(2, ScsiTask.WHOLE_BYTE);
        }
    }

    private static void answer(long[] luns, ScsiTask task) {
        ParameterData data =
                new ParameterData().u32((long) luns.length * Long.BYTES).zeros(4);
        for (long lun : luns) {
            data.u64(lun);
        }
        task.answer(data, task.cdb().u32(6));
    }
}
