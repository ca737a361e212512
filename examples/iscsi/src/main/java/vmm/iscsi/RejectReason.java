package vmm.iscsi;

/** Why a target takes no notice of a PDU (RFC 7143 11.17.1). */
enum RejectReason {
    SNACK_REJECT(0x03),
    PROTOCOL_ERROR(0x04),
    COMMAND_NOT_SUPPORTED(0x05),
    TOO_MANY_IMMEDIATE_COMMANDS(0x06),
    TASK_IN_PROGRESS(0x07),
    INVALID_PDU_FIELD(0x09);

    private final int code;

    RejectReason(int code) {
        this.code = code;
    }

    /** The byte that goes to the initiator. */
    int code() {
        return code;
    }
}
