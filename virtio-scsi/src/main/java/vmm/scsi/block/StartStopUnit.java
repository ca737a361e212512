package vmm.scsi.block;

import vmm.scsi.Cdb;
import vmm.scsi.MediumCommand;
import vmm.scsi.ReservationClass;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;

/** START STOP UNIT (SBC-4 5.31). Ends when it is done, even if IMMED would let it end before. */
final class StartStopUnit implements MediumCommand<DiskNexus> {
    private static final int START = 1;
    private static final int LOEJ = 1 << 1;
    private static final int NO_FLUSH = 1 << 2;
    private static final int POWER_CONDITION = 0xf << 4;

    private static final int FLUSHING = 0;

    @Override
    public void execute(DiskNexus nexus, ScsiTask task) {
        ScsiDisk disk = nexus.unit();
        Cdb cdb = task.cdb();
        boolean starts = cdb.has(4, START) && !cdb.has(4, POWER_CONDITION);
        // SBC-4, allowed commands: whoever has reserved the disk, anybody may start it
        if (!starts && nexus.reservations().conflicts(ReservationClass.WRITE)) {
            task.end(ScsiStatus.RESERVATION_CONFLICT);
        } else if (cdb.has(4, POWER_CONDITION)) {
            task.invalidField(4, 7);
        } else if (cdb.has(4, LOEJ) && !disk.removable()) {
            task.invalidField(4, 1);
        } else if (cdb.has(4, START)) {
            disk.setStopped(false);
            task.end(ScsiStatus.GOOD);
        } else if (cdb.has(4, NO_FLUSH) || disk.medium().readOnly()) {
            stop(disk, task);
        } else {
            task.flushMedium(nexus, this, FLUSHING);
        }
    }

    @Override
    public void mediumEnded(DiskNexus nexus, ScsiTask task, int errno) {
        if (errno == 0) {
            stop(nexus.unit(), task);
        } else {
            MediumError.flush(task, errno);
        }
    }

    private static void stop(ScsiDisk disk, ScsiTask task) {
        disk.setStopped(true);
        task.end(ScsiStatus.GOOD);
    }
}
