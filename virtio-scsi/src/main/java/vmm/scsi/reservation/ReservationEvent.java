package vmm.scsi.reservation;

import vmm.scsi.UnitAttention;

/** What an I_T nexus is told of what others did to its registration or reservation (SPC-5). */
public enum ReservationEvent {
    RESERVATIONS_PREEMPTED(UnitAttention.RESERVATIONS_PREEMPTED),
    RESERVATIONS_RELEASED(UnitAttention.RESERVATIONS_RELEASED),
    REGISTRATIONS_PREEMPTED(UnitAttention.REGISTRATIONS_PREEMPTED);

    private final UnitAttention attention;

    ReservationEvent(UnitAttention attention) {
        this.attention = attention;
    }

    /** How it is told. */
    public UnitAttention attention() {
        return attention;
    }
}
