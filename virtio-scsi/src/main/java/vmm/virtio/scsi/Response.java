package vmm.virtio.scsi;

/** Values of the {@code response} byte (virtio 1.3 5.6.6.1, 5.6.6.2). */
final class Response {
    static final int OK = 0;
    static final int OVERRUN = 1;
    static final int ABORTED = 2;
    static final int BAD_TARGET = 3;
    static final int RESET = 4;
    static final int FAILURE = 9;

    static final int FUNCTION_COMPLETE = 0;
    static final int FUNCTION_SUCCEEDED = 10;
    static final int FUNCTION_REJECTED = 11;
    static final int INCORRECT_LUN = 12;

    private Response() {}
}
