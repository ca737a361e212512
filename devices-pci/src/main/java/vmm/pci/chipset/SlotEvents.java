package vmm.pci.chipset;

/** Told what the guest does to the bus's slots. */
@FunctionalInterface
public interface SlotEvents {
    /**
     * The guest has let go of the functions of a slot and wants them gone. Called by the vCPU thread that did it,
     * without any lock.
     *
     * @param slot 0 to 31
     */
    void ejected(int slot);
}
