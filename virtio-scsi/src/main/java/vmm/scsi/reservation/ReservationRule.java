package vmm.scsi.reservation;

/**
 * How a command stands to reservations that others hold (SPC-5 and SBC-4, commands that are allowed in the presence of
 * various reservations; SPC-2 for RESERVE and RELEASE). Commands of which a part is allowed say so themselves.
 */
public enum ReservationRule {
    /** Runs whoever holds whatever: INQUIRY, REPORT LUNS, REQUEST SENSE and those that see to reservations themselves. */
    FREE,

    /** Runs under any persistent reservation, not under a reservation by RESERVE: TEST UNIT READY, READ CAPACITY. */
    HARMLESS,

    /** Asks for data or state: conflicts with exclusive access, not with write exclusive. */
    READS,

    /** Changes data or state: conflicts with both. */
    CHANGES,

    /** PERSISTENT RESERVE IN and OUT: conflict with any reservation by RESERVE, even their own initiator's (SPC-2). */
    PERSISTENT;

    int bit() {
        return 1 << ordinal();
    }
}
