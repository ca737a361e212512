package vmm.irq;

/** Where message-signalled interrupts come from. Any thread may call. */
@FunctionalInterface
public interface MsiRouter {
    /**
     * Takes a free route.
     *
     * @throws vmm.linux.HostException if the interrupt controller has none left
     */
    MsiRoute allocate();
}
