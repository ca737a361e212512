package vmm.scsi.primary;

import vmm.scsi.Command;
import vmm.scsi.ItlNexus;
import vmm.scsi.ParameterData;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;
import vmm.scsi.SenseData;
import vmm.scsi.UnitAttention;

/** REQUEST SENSE (SPC-5): what is there to tell, as data instead of a status. */
final class RequestSense implements Command<ItlNexus> {
    private static final int DESC = 1;

    @Override
    public void execute(ItlNexus nexus, ScsiTask task) {
        UnitAttention attention = nexus.takeAttention();
        if (attention != null) {
            answer(task, attention.code(), ItlNexus.NO_PROGRESS);
            return;
        }
        SenseCode code = nexus.condition();
        answer(task, code == null ? SenseCode.NO_ADDITIONAL_SENSE_INFORMATION : code, nexus.progress());
    }

    /** Ends the command with sense data for {@code code}. */
    static void answer(ScsiTask task, SenseCode code, int progress) {
        SenseData sense = new SenseData();
        sense.begin(code, task.cdb().has(1, DESC));
        if (progress != ItlNexus.NO_PROGRESS) {
            sense.setProgress(progress);
        }
        ParameterData data = new ParameterData().bytes(sense.bytes(), sense.length());
        task.answer(data, task.cdb().u8(4));
    }
}
