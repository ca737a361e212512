package vmm.scsi.reservation;

/** What an I_T nexus is told of what others did to its registration or reservation (SPC-5). */
public enum ReservationEvent {
    RESERVATIONS_PREEMPTED,
    RESERVATIONS_RELEASED,
    REGISTRATIONS_PREEMPTED
}
