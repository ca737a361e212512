package vmm.platform;

/** Told that the guest asked to end the machine with an exit status. */
@FunctionalInterface
public interface ExitListener {
    /**
     * The guest asked to end. Called by the vCPU thread that did, with no lock held; must not wait for another vCPU.
     *
     * @param status the status for the VMM's own process, always odd, so never taken for a success of the VMM itself
     */
    void exit(int status);
}
