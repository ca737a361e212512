package vmm.pci;

/**
 * Where the four interrupt wires of the bus lead: a chipset's PIRQ A to D, by number 0 to 3. Any thread may call; an
 * implementation takes no lock under which it calls a function or the bus.
 */
public interface PirqRouter {
    /** Stands for a wire that leads to no interrupt. */
    int NOT_ROUTED = -1;

    /** Drives one wire, which several functions may share; the bus has combined them. */
    void setPirq(int pirq, boolean level);

    /** The ISA interrupt that a wire leads to at the moment, or {@link #NOT_ROUTED}. */
    int irq(int pirq);
}
