package vmm.scsi.primary;

import vmm.scsi.Cdb;
import vmm.scsi.ScsiTask;
import vmm.scsi.reservation.ReservationView;

/** RESERVE and RELEASE, (6) and (10) (SPC-2): the whole logical unit, for the initiator itself. */
final class ReserveUnit {
    /** 3RDPTY and LONGID of the (10) forms, and EXTENT or ELEMENT. */
    private static final int NOT_THE_UNIT = 0b11111;

    private ReserveUnit() {}

    static void reserve(ReservationView view, ScsiTask task) {
        if (accepted(task)) {
            ReservationOutcome.end(task, view.reservations().reserveUnit(view.id()));
        }
    }

    static void release(ReservationView view, ScsiTask task) {
        if (accepted(task)) {
            ReservationOutcome.end(task, view.reservations().releaseUnit(view.id()));
        }
    }

    private static boolean accepted(ScsiTask task) {
        Cdb cdb = task.cdb();
        if (cdb.has(1, NOT_THE_UNIT)) {
            task.invalidField(1, 4);
            return false;
        }
        return true;
    }
}
