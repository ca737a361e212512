package vmm.scsi.block;

import vmm.scsi.ScsiTask;

/** WRITE AND VERIFY (10), (12), (16) and (32) (SBC-4 5.44 to 5.47). What is verified is what is in stable storage. */
final class WriteAndVerify extends Verification {
    private static final int WRITING = 0;
    private static final int FLUSHING = 1;

    @Override
    public void execute(DiskNexus nexus, ScsiTask task) {
        BlockAccess.concerns(task);
        if (byteCheck(task) > ALL) {
            task.invalidField(BlockAccess.flagsOffset(task.cdb()), 2);
        } else if (BlockAccess.isUnprotected(task)
                && BlockAccess.canMove(nexus.unit(), task)
                && BlockAccess.canWrite(nexus.unit(), task)
                && WriteBlocks.cutToSize(nexus.unit(), task)) {
            nexus.enter(task, this);
        }
    }

    @Override
    public void begin(DiskNexus nexus, ScsiTask task) {
        task.medium().write(nexus, BlockAccess.offset(nexus.unit(), task), this, WRITING);
    }

    @Override
    public void mediumEnded(DiskNexus nexus, ScsiTask task, int errno) {
        switch (task.medium().phase()) {
            case WRITING -> {
                if (errno == 0) {
                    task.medium().flush(nexus, this, FLUSHING);
                } else {
                    MediumError.write(task, errno);
                }
            }
            case FLUSHING -> {
                if (errno == 0) {
                    task.dataOut().rewind();
                    verify(nexus, task);
                } else {
                    MediumError.flush(task, errno);
                }
            }
            default -> super.mediumEnded(nexus, task, errno);
        }
    }

    @Override
    void verified(DiskNexus nexus, ScsiTask task) {
        WriteBlocks.written(nexus, task);
    }
}
