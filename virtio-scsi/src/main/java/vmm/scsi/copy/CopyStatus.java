package vmm.scsi.copy;

import vmm.scsi.ParameterData;

/** How far a copy has come, for RECEIVE COPY STATUS (SPC-5). Loop thread only. */
final class CopyStatus {
    private static final int IN_PROGRESS = 0x00;
    private static final int COMPLETED = 0x01;
    private static final int COMPLETED_WITH_ERRORS = 0x02;
    private static final int ABORTED = 0x60;

    /** TRANSFER COUNT UNITS: bytes. */
    private static final int BYTES = 0;

    private final int serviceAction;
    private int state = IN_PROGRESS;
    private int segments;
    private long bytes;
    private int operations;

    /**
     * The status of a copy that begins.
     *
     * @param serviceAction of the command that asked for it
     */
    CopyStatus(int serviceAction) {
        this.serviceAction = serviceAction;
    }

    void moved(long more) {
        bytes += more;
        operations = operations + 1 & 0xffff;
    }

    void segmentDone() {
        segments++;
    }

    void end(boolean well) {
        state = well ? COMPLETED : COMPLETED_WITH_ERRORS;
    }

    void abort() {
        state = ABORTED;
    }

    boolean inProgress() {
        return state == IN_PROGRESS;
    }

    /** Parameter data of RECEIVE COPY STATUS (LID1). */
    ParameterData lid1() {
        // There are three states of a copy in the old form
        int old = state == ABORTED ? COMPLETED_WITH_ERRORS : state;
        return new ParameterData().u32(8).u8(old).u16(segments).u8(BYTES).u32(Math.min(bytes, 0xffff_ffffL));
    }

    /** Parameter data of RECEIVE COPY STATUS (LID4). */
    ParameterData lid4() {
        return new ParameterData()
                .u32(28)
                .u8(serviceAction)
                .u8(state)
                .u16(operations)
                .u32(0)
                .zeros(3)
                .u8(BYTES)
                .u64(bytes)
                .u16(segments)
                .zeros(6);
    }
}
