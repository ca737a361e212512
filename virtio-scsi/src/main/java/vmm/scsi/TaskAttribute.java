package vmm.scsi;

/** How a command wants to be ordered against others (SAM-5 8.6). */
public enum TaskAttribute {
    SIMPLE,
    ORDERED,
    HEAD_OF_QUEUE,
    ACA
}
