package vmm.platform;

/** Told that the guest asked for a reset of the machine. */
@FunctionalInterface
public interface ResetListener {
    /**
     * The guest asked for a reset. Called by the vCPU thread that did, with no lock held; must not wait for another
     * vCPU.
     *
     * @param cause what the guest used, to show the user: {@code "the keyboard controller (port 0x64)"}
     */
    void reset(String cause);
}
