package vmm.machine;

/** What a machine does, in QMP's words. */
public enum RunState {
    /** Its processors run. */
    RUNNING("running"),
    /** Somebody has paused it. */
    PAUSED("paused"),
    /** It is paused until a disk works again. */
    IO_ERROR("io-error"),
    /** It begins or ends. */
    SHUTDOWN("shutdown");

    private final String word;

    RunState(String word) {
        this.word = word;
    }

    /** The word for it. */
    public String word() {
        return word;
    }
}
