package vmm.scsi;

import static vmm.scsi.SenseKey.ABORTED_COMMAND;
import static vmm.scsi.SenseKey.DATA_PROTECT;
import static vmm.scsi.SenseKey.HARDWARE_ERROR;
import static vmm.scsi.SenseKey.ILLEGAL_REQUEST;
import static vmm.scsi.SenseKey.MEDIUM_ERROR;
import static vmm.scsi.SenseKey.NOT_READY;
import static vmm.scsi.SenseKey.UNIT_ATTENTION;

/** What is the matter: sense key, additional sense code and its qualifier, by the names of SPC-5. */
public enum SenseCode {
    NO_ADDITIONAL_SENSE_INFORMATION(SenseKey.NO_SENSE, 0x00, 0x00),

    LOGICAL_UNIT_NOT_READY_INITIALIZING_COMMAND_REQUIRED(NOT_READY, 0x04, 0x02),

    MEDIUM_NOT_PRESENT_TRAY_CLOSED(NOT_READY, 0x3a, 0x01),
    MEDIUM_NOT_PRESENT_TRAY_OPEN(NOT_READY, 0x3a, 0x02),

    WRITE_ERROR(MEDIUM_ERROR, 0x0c, 0x00),
    UNRECOVERED_READ_ERROR(MEDIUM_ERROR, 0x11, 0x00),

    INTERNAL_TARGET_FAILURE(HARDWARE_ERROR, 0x44, 0x00),

    PARAMETER_LIST_LENGTH_ERROR(ILLEGAL_REQUEST, 0x1a, 0x00),
    INVALID_COMMAND_OPERATION_CODE(ILLEGAL_REQUEST, 0x20, 0x00),
    LOGICAL_BLOCK_ADDRESS_OUT_OF_RANGE(ILLEGAL_REQUEST, 0x21, 0x00),
    INVALID_FIELD_IN_CDB(ILLEGAL_REQUEST, 0x24, 0x00),
    LOGICAL_UNIT_NOT_SUPPORTED(ILLEGAL_REQUEST, 0x25, 0x00),
    INVALID_FIELD_IN_PARAMETER_LIST(ILLEGAL_REQUEST, 0x26, 0x00),
    CANNOT_READ_MEDIUM_INCOMPATIBLE_FORMAT(ILLEGAL_REQUEST, 0x30, 0x02),
    SAVING_PARAMETERS_NOT_SUPPORTED(ILLEGAL_REQUEST, 0x39, 0x00),
    MEDIUM_REMOVAL_PREVENTED(ILLEGAL_REQUEST, 0x53, 0x02),
    ILLEGAL_MODE_FOR_THIS_TRACK(ILLEGAL_REQUEST, 0x64, 0x00),

    NOT_READY_TO_READY_CHANGE_MEDIUM_MAY_HAVE_CHANGED(UNIT_ATTENTION, 0x28, 0x00),
    POWER_ON_OCCURRED(UNIT_ATTENTION, 0x29, 0x01),
    SCSI_BUS_RESET_OCCURRED(UNIT_ATTENTION, 0x29, 0x02),
    BUS_DEVICE_RESET_FUNCTION_OCCURRED(UNIT_ATTENTION, 0x29, 0x03),
    I_T_NEXUS_LOSS_OCCURRED(UNIT_ATTENTION, 0x29, 0x07),
    CAPACITY_DATA_HAS_CHANGED(UNIT_ATTENTION, 0x2a, 0x09),
    COMMANDS_CLEARED_BY_ANOTHER_INITIATOR(UNIT_ATTENTION, 0x2f, 0x00),
    REPORTED_LUNS_DATA_HAS_CHANGED(UNIT_ATTENTION, 0x3f, 0x0e),

    WRITE_PROTECTED(DATA_PROTECT, 0x27, 0x00),
    SPACE_ALLOCATION_FAILED_WRITE_PROTECT(DATA_PROTECT, 0x27, 0x07),

    INVALID_MESSAGE_ERROR(ABORTED_COMMAND, 0x49, 0x00),
    COMMAND_ABORTED(ABORTED_COMMAND, 0x00, 0x00);

    private final SenseKey key;
    private final int asc;
    private final int ascq;

    SenseCode(SenseKey key, int asc, int ascq) {
        this.key = key;
        this.asc = asc;
        this.ascq = ascq;
    }

    /** The sense key. */
    public SenseKey key() {
        return key;
    }

    /** The additional sense code. */
    public int asc() {
        return asc;
    }

    /** The additional sense code qualifier. */
    public int ascq() {
        return ascq;
    }
}
