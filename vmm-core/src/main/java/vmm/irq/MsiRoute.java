package vmm.irq;

/**
 * One message-signalled interrupt: an address and a data word that the guest chose, and a way to send them that costs
 * one system call (an irqfd).
 *
 * <p>{@link #signal} may be called by any thread; {@link #update} and {@link #close} by one at a time.
 */
public interface MsiRoute extends AutoCloseable {
    /** Sets the message, as the guest wrote it to the MSI-X table (PCI 3.0 6.8.2). */
    void update(long address, int data);

    /** Sends the message. Does nothing before the first {@link #update}. */
    void signal();

    /** Gives the route back. */
    @Override
    void close();
}
