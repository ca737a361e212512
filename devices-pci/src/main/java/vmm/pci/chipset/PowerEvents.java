package vmm.pci.chipset;

/** Told what the guest does to the machine's power. */
@FunctionalInterface
public interface PowerEvents {
    /** The guest has entered S5, soft off. Called by the vCPU thread that did it, without any lock. */
    void powerOff();
}
