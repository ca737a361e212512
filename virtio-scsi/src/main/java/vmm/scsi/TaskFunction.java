package vmm.scsi;

/** The task management functions (SAM-5 7). */
public enum TaskFunction {
    ABORT_TASK,
    ABORT_TASK_SET,
    CLEAR_ACA,
    CLEAR_TASK_SET,
    I_T_NEXUS_RESET,
    LOGICAL_UNIT_RESET,
    QUERY_TASK,
    QUERY_TASK_SET,
    QUERY_ASYNCHRONOUS_EVENT,
    /** TARGET RESET (SAM-2), which some transports still have: a hard reset of all logical units. */
    TARGET_RESET
}
