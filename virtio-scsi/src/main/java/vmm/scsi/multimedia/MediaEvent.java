package vmm.scsi.multimedia;

/** What has happened to the disc of a drive, by the event codes of the media class (MMC-6, GET EVENT STATUS). */
public enum MediaEvent {
    /** Nothing since the last question. */
    NO_CHANGE(0),
    /** Somebody at the drive wants the disc back. */
    EJECT_REQUEST(1),
    /** There is a disc that was not there before. */
    NEW_MEDIA(2),
    /** The disc is gone. */
    MEDIA_REMOVAL(3);

    private final int code;

    MediaEvent(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }
}
