package vmm.scsi.block;

import vmm.scsi.Command;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;

/**
 * PRE-FETCH (10) and (16) (SBC-4 5.14, 5.15). The host reads ahead as it likes; GOOD says that the blocks need not all
 * be in the cache.
 */
final class PreFetch implements Command<DiskNexus> {
    @Override
    public void execute(DiskNexus nexus, ScsiTask task) {
        BlockAccess.concerns(task);
        if (BlockAccess.inRange(nexus.unit(), task)) {
            task.end(ScsiStatus.GOOD);
        }
    }
}
