package vmm.scsi.block;

import vmm.scsi.Command;
import vmm.scsi.ReservationClass;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;

/** PREVENT ALLOW MEDIUM REMOVAL (SBC-4 5.15): as long as an initiator prevents it, the medium stays where it is. */
final class PreventAllowMediumRemoval implements Command<DiskNexus> {
    private static final int PREVENT = 1;

    @Override
    public void execute(DiskNexus nexus, ScsiTask task) {
        boolean prevent = task.cdb().has(4, PREVENT);
        // SPC-5, allowed commands: whoever has reserved the disk, anybody may give up what he asked for
        if (prevent && nexus.reservations().conflicts(ReservationClass.WRITE)) {
            task.end(ScsiStatus.RESERVATION_CONFLICT);
        } else if (task.cdb().has(4, PREVENT << 1)) {
            task.invalidField(4, 1);
        } else {
            nexus.unit().mechanics().lock(nexus, prevent);
            task.end(ScsiStatus.GOOD);
        }
    }
}
