package vmm.scsi;

/** How a command wants to be ordered against others (task attributes, SAM-5). */
public enum TaskAttribute {
    SIMPLE,
    ORDERED,
    HEAD_OF_QUEUE,
    ACA
}
