package vmm.scsi;

/**
 * What a command needs when another nexus holds a persistent reservation (SPC-5 5.14.1, the tables of allowed
 * commands).
 */
public enum ReservationClass {
    /** Allowed whoever holds whatever reservation. */
    ALWAYS,
    /** Conflicts with the Exclusive Access types, as what reads the medium does. */
    READ,
    /** Conflicts with the Write Exclusive and Exclusive Access types, as what writes to the medium does. */
    WRITE
}
