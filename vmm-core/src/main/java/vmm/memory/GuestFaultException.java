package vmm.memory;

/**
 * The guest broke a rule that a device cannot work around: an address outside its memory, a descriptor loop, an index
 * that no driver would write. It breaks that one device, never the VMM.
 *
 * <p>Carries no stack trace: a guest may raise it as often as it likes.
 */
public final class GuestFaultException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** A fault, told in words that a driver author understands. */
    public GuestFaultException(String message) {
        super(message, null, false, false);
    }
}
