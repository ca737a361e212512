package vmm.scsi.block;

import vmm.scsi.ScsiTask;

/** A command that has the medium write its data-out buffer, cut to size, by one request. */
abstract class SingleWrite extends WritingCommand {
    private static final int WRITING = 0;

    @Override
    public void begin(DiskNexus nexus, ScsiTask task) {
        task.medium().write(nexus, BlockAccess.offset(nexus.unit(), task), this, WRITING);
    }

    @Override
    void answered(DiskNexus nexus, ScsiTask task, int errno) {
        if (errno == 0) {
            finish(nexus, task);
        } else {
            MediumError.write(task, errno);
        }
    }
}
