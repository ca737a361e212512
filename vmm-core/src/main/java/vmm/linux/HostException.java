package vmm.linux;

/**
 * The host could not do what the VMM needs. The message is one sentence for the user that names the culprit and the
 * remedy; the launcher prints it and exits with status 1.
 */
public final class HostException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** A failure with a sentence for the user. */
    public HostException(String message) {
        super(message);
    }

    /** A failure with a sentence for the user and the exception that explains it to a developer. */
    public HostException(String message, Throwable cause) {
        super(message, cause);
    }

    /**
     * A failed system call.
     *
     * @param action what was attempted, as "open /dev/kvm"
     * @param errno the positive error number
     */
    public static HostException ofErrno(String action, int errno) {
        return new HostException("Cannot " + action + ": " + Errno.describe(errno) + ".");
    }
}
