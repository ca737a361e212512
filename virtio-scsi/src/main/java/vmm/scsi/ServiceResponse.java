package vmm.scsi;

/** How a task management function ended (SAM-5 7.1). */
public enum ServiceResponse {
    FUNCTION_COMPLETE,
    FUNCTION_SUCCEEDED,
    FUNCTION_REJECTED,
    INCORRECT_LOGICAL_UNIT_NUMBER
}
