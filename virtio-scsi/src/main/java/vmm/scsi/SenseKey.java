package vmm.scsi;

/** What kind of trouble sense data tell of (SPC-5). */
public enum SenseKey {
    NO_SENSE(0x0),
    NOT_READY(0x2),
    MEDIUM_ERROR(0x3),
    HARDWARE_ERROR(0x4),
    ILLEGAL_REQUEST(0x5),
    UNIT_ATTENTION(0x6),
    DATA_PROTECT(0x7),
    COPY_ABORTED(0xa),
    ABORTED_COMMAND(0xb),
    MISCOMPARE(0xe);

    private final int code;

    SenseKey(int code) {
        this.code = code;
    }

    /** The four bits that go to the initiator. */
    public int code() {
        return code;
    }
}
