package vmm.scsi.block;

import org.jspecify.annotations.Nullable;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;

/** A command that begins a {@link WholeDiskOperation}. */
abstract class WholeDiskCommand implements RangeCommand {
    /** Begins the operation as soon as no other command is at the medium. */
    final void start(DiskNexus nexus, ScsiTask task, WholeDiskOperation operation) {
        task.concerns(0, nexus.unit().blocks());
        task.attach(operation);
        nexus.enterAlone(task, this);
    }

    @Override
    public @Nullable SenseCode notReady(DiskNexus nexus) {
        WholeDiskOperation other = nexus.unit().operation();
        return other == null ? null : other.inProgress();
    }

    @Override
    public void begin(DiskNexus nexus, ScsiTask task) {
        if (!(task.attachment() instanceof WholeDiskOperation operation)) {
            throw new IllegalStateException("The command has forgotten what to do.");
        }
        if (nexus.unit().begin(operation)) {
            // Who waited for the range meanwhile is not to wait for the end of all this, but to hear that it goes on.
            nexus.unit().guard().leave(task);
            operation.start(task);
        } else {
            // Somebody was faster.
            nexus.isUnoccupied(task);
        }
    }

    @Override
    public void mediumEnded(DiskNexus nexus, ScsiTask task, int errno) {
        throw new IllegalStateException("The operation asks the medium, not the command.");
    }
}
