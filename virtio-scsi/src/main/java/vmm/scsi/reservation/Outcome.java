package vmm.scsi.reservation;

import java.util.Set;
import vmm.scsi.NexusId;

/** What comes of an attempt to change the reservations of a logical unit. */
public sealed interface Outcome {
    /**
     * It is done.
     *
     * @param state what is now; the same as before if there was nothing to do
     * @param preempted the nexuses that lost their registration to {@code PREEMPT}
     */
    record Done(ReservationState state, Set<NexusId> preempted) implements Outcome {}

    /** It is not, and why. */
    enum Refused implements Outcome {
        /** RESERVATION CONFLICT. */
        CONFLICT,
        /** Something in the CDB is not right: TYPE, or a service action that has no object. */
        INVALID_CDB,
        /** Something in the parameter list is not right. */
        INVALID_PARAMETER,
        /** The reservation is of another scope or type: INVALID RELEASE OF PERSISTENT RESERVATION. */
        INVALID_RELEASE,
        /** There are too many registrations: INSUFFICIENT REGISTRATION RESOURCES. */
        NO_ROOM,
        /** Another virtual machine keeps the state of the unit locked: BUSY. */
        BUSY,
        /** The state could not be written, and is as it was. */
        NOT_STORED
    }
}
