package vmm.block.nbd;

/**
 * A server cannot be reached, refuses, or breaks the protocol. The message completes a sentence that begins with the
 * disk's name and ends with a full stop.
 */
final class NbdException extends Exception {
    private static final long serialVersionUID = 1L;

    NbdException(String message) {
        super(message);
    }

    NbdException(String message, Throwable cause) {
        super(message, cause);
    }

    /** The message, which is always there. */
    String reason() {
        return String.valueOf(getMessage());
    }
}
