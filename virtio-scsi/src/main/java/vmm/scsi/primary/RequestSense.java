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
            SenseData sense = begin(task, attention.code());
            nexus.describe(attention, sense);
            answer(task, sense);
            return;
        }
        SenseCode code = nexus.condition();
        SenseData sense = begin(task, code == null ? SenseCode.NO_ADDITIONAL_SENSE_INFORMATION : code);
        if (nexus.progress() != ItlNexus.NO_PROGRESS) {
            sense.setProgress(nexus.progress());
        }
        answer(task, sense);
    }

    /** Ends the command with sense data that say nothing but {@code code}. */
    static void answer(ScsiTask task, SenseCode code) {
        answer(task, begin(task, code));
    }

    private static SenseData begin(ScsiTask task, SenseCode code) {
        SenseData sense = new SenseData();
        sense.begin(code, task.cdb().has(1, DESC));
        return sense;
    }

    private static void answer(ScsiTask task, SenseData sense) {
        ParameterData data = new ParameterData().bytes(sense.bytes(), sense.length());
        task.answer(data, task.cdb().u8(4));
    }
}
