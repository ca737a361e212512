package vmm.machine;

/**
 * Somebody wants of a running machine what cannot be; nothing has changed. The message is one sentence that says why.
 */
public final class RefusedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Why something is refused. */
    public enum Kind {
        /** There is no such device or node. */
        NOT_FOUND,
        /** The name, the place or the number has been given already. */
        TAKEN,
        /** Something needs it, or it is about to go. */
        IN_USE,
        /** It could not be, whatever else there is. */
        INVALID,
        /** It may be, but not here. */
        UNSUPPORTED
    }

    private final Kind kind;

    /** A refusal. */
    public RefusedException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    /** A refusal that something else has led to. */
    public RefusedException(Kind kind, Throwable cause) {
        super(cause.getMessage(), cause);
        this.kind = kind;
    }

    /** Why. */
    public Kind kind() {
        return kind;
    }
}
