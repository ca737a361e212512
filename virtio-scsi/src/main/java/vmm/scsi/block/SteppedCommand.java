package vmm.scsi.block;

import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;

/**
 * A command that goes over its range in steps, so that the loop is not held, no large buffer is needed, and it can be
 * aborted on the way. How far it has come is the task's {@linkplain ScsiTask#progress progress}.
 */
interface SteppedCommand extends RangeCommand {
    /** Half of a scratch buffer, in bytes: for two things to be side by side. */
    int HALF = ScsiTask.SCRATCH_BYTES / 2;

    /** How many bytes of the medium one step makes zeros at most. */
    long ZEROS_PER_STEP = 64L << 20;

    /** Begins the next step, or ends the task if there is none. */
    void step(DiskNexus nexus, ScsiTask task);

    /** Goes on when it is our turn again. */
    default void proceed(DiskNexus nexus, ScsiTask task) {
        nexus.later(() -> {
            if (task.aborted()) {
                task.end(ScsiStatus.TASK_ABORTED);
            } else {
                step(nexus, task);
            }
        });
    }

    /** Where on the medium the task stands, in bytes. */
    default long position(DiskNexus nexus, ScsiTask task) {
        return BlockAccess.offset(nexus.unit(), task) + task.progress();
    }

    /** The block at which the task stands. */
    default long currentLba(DiskNexus nexus, ScsiTask task) {
        return position(nexus, task) >>> nexus.unit().geometry().shift();
    }

    /** How many bytes are left of the task's blocks, but at most {@code most}. */
    default long left(DiskNexus nexus, ScsiTask task, long most) {
        return Math.min(BlockAccess.bytes(nexus.unit(), task) - task.progress(), most);
    }
}
