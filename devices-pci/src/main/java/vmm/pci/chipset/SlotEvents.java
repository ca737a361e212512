package vmm.pci.chipset;

/** Told what the guest does to the bus's slots. */
public interface SlotEvents {
    /**
     * The guest has let go of the functions of a slot and wants them gone. Called by the vCPU thread that did it,
     * without any lock.
     *
     * @param slot 0 to 31
     */
    void ejected(int slot);

    /**
     * The guest reports what has become of a request (_OST, ACPI 6.5 6.3.5). Called likewise.
     *
     * @param slot 0 to 31
     * @param source the event that it answers: 1 for a device check, 3 for an ejection request
     * @param status 0 for success; other codes depend on the source
     */
    void reported(int slot, int source, int status);
}
