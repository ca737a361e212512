package vmm.scsi;

/** Whether a command lived to its end, or what ended it before. */
public enum TaskEnding {
    /** The logical unit has answered: there is a status for the initiator. */
    ANSWERED,
    /** A task management function or another nexus aborted it: the initiator gets no status. */
    ABORTED,
    /** A reset aborted it: the initiator gets no status. */
    RESET
}
