package vmm.scsi;

/**
 * How a command stands to reservations that others hold (SPC-5 and SBC-4, the tables of commands that are allowed in
 * the presence of various reservations; SPC-2 for reservations by RESERVE). A command of which only a part is allowed
 * is {@link #ALWAYS} here and asks the {@link ReservationGate} itself.
 */
public enum ReservationClass {
    /** Runs whoever holds whatever: INQUIRY, REPORT LUNS, REQUEST SENSE. */
    ALWAYS(1 << 0),

    /** Runs under any persistent reservation, not under a RESERVE of others: TEST UNIT READY, what reports state. */
    HARMLESS(1 << 1),

    /** Conflicts with the Exclusive Access types, as what reads the medium does. */
    READ(1 << 2),

    /** Conflicts with the Write Exclusive and Exclusive Access types, as what writes to the medium does. */
    WRITE(1 << 3),

    /** Conflicts with a RESERVE of anybody, even one's own (SPC-2): PERSISTENT RESERVE IN and OUT. */
    PERSISTENT(1 << 4);

    private final int bit;

    ReservationClass(int bit) {
        this.bit = bit;
    }

    /** Its place in a set. */
    public int bit() {
        return bit;
    }
}
