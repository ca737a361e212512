package vmm.scsi.primary;

import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;
import vmm.scsi.reservation.Outcome;

/** How a command that changes reservations ends. */
final class ReservationOutcome {
    private static final int SERVICE_ACTION_RESERVATION_KEY = 8;

    private ReservationOutcome() {}

    /** Ends the command. */
    static void end(ScsiTask task, Outcome outcome) {
        switch (outcome) {
            case Outcome.Done done -> task.end(ScsiStatus.GOOD);
            case Outcome.Refused refused -> refuse(task, refused);
        }
    }

    private static void refuse(ScsiTask task, Outcome.Refused refused) {
        switch (refused) {
            case CONFLICT -> task.end(ScsiStatus.RESERVATION_CONFLICT);
            case INVALID_CDB -> task.fail(SenseCode.INVALID_FIELD_IN_CDB);
            case INVALID_PARAMETER -> task.invalidParameter(SERVICE_ACTION_RESERVATION_KEY, ScsiTask.WHOLE_BYTE);
            case INVALID_RELEASE -> task.fail(SenseCode.INVALID_RELEASE_OF_PERSISTENT_RESERVATION);
            case NO_ROOM -> task.fail(SenseCode.INSUFFICIENT_REGISTRATION_RESOURCES);
            case BUSY -> task.end(ScsiStatus.BUSY);
            case NOT_STORED -> task.fail(SenseCode.INTERNAL_TARGET_FAILURE);
        }
    }
}
