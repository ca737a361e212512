package vmm.scsi.block;

import org.jspecify.annotations.Nullable;
import vmm.scsi.MediumCommand;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;

/**
 * A command about a range of blocks, which it {@linkplain ScsiTask#concerns names} and then {@linkplain DiskNexus#enter
 * enters}. While an exclusive command is in a range, no other command is in any part of it.
 */
interface RangeCommand extends MediumCommand<DiskNexus> {
    /** The task is in its range: now the medium can be asked. */
    void begin(DiskNexus nexus, ScsiTask task);

    /** Why the command cannot begin although the range is its own, or null: things may have changed meanwhile. */
    default @Nullable SenseCode notReady(DiskNexus nexus) {
        return nexus.notReady();
    }
}
