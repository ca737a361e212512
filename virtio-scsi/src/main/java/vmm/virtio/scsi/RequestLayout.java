package vmm.virtio.scsi;

/** Offsets in {@code struct virtio_scsi_req_cmd} (virtio 1.3 5.6.6.1). */
final class RequestLayout {
    // device-readable: u8 lun[8], le64 id, u8 task_attr, u8 prio, u8 crn, u8 cdb[cdb_size], u8 dataout[]
    static final int LUN = 0;
    static final int ID = 8;
    static final int TASK_ATTR = 16;
    static final int CDB = 19;

    // struct virtio_scsi_req_cmd_pi, with T10_PI: le32 pi_bytesout, le32 pi_bytesin before cdb, and the protection
    // information before dataout and before datain
    static final int PI_BYTES_OUT = 19;
    static final int PI_BYTES_IN = 23;
    static final int CDB_WITH_PI = 27;

    // device-writable: le32 sense_len, le32 residual, le16 status_qualifier, u8 status, u8 response,
    // u8 sense[sense_size], u8 datain[]
    static final int SENSE_LEN = 0;
    static final int RESIDUAL = 4;
    static final int STATUS = 10;
    static final int RESPONSE_CODE = 11;
    static final int SENSE = 12;

    /** The length of what comes before {@code sense}. */
    static final int RESPONSE = 12;

    private RequestLayout() {}
}
