package vmm.scsi;

/** The status codes of a command that a device server has processed (SAM-5 5.3.1). */
public enum ScsiStatus {
    /** It was done. */
    GOOD(0x00),
    /** Sense data say what is the matter. */
    CHECK_CONDITION(0x02),
    /** The logical unit cannot take it now; the initiator may try again. */
    BUSY(0x08),
    /** Another nexus holds a reservation that forbids it. */
    RESERVATION_CONFLICT(0x18),
    /** No room in the task set. */
    TASK_SET_FULL(0x28),
    /** An ACA condition lets only commands of the ACA attribute in. */
    ACA_ACTIVE(0x30),
    /** Another nexus aborted it. */
    TASK_ABORTED(0x40);

    private final int code;

    ScsiStatus(int code) {
        this.code = code;
    }

    /** The byte that goes to the initiator. */
    public int code() {
        return code;
    }
}
