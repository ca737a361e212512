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
        SenseCode code = attention == null ? nexus.notReady() : attention.code();
        answer(task, code == null ? SenseCode.NO_ADDITIONAL_SENSE_INFORMATION : code);
    }

    /** Ends the command with sense data for {@code code}. */
    static void answer(ScsiTask task, SenseCode code) {
        SenseData sense = new SenseData();
        if (task.cdb().has(1, DESC)) {
            sense.setDescriptor(code);
        } else {
            sense.setFixed(code);
        }
        ParameterData data = new ParameterData().bytes(sense.bytes(), sense.length());
        task.answer(data, task.cdb().u8(4));
    }
}
