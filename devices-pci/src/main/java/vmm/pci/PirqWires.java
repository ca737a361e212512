package vmm.pci;

/** The four interrupt wires of the bus, each pulled by any number of functions (PCI 3.0 2.2.6). Any thread may call. */
final class PirqWires {
    static final int COUNT = 4;

    private final PirqRouter router;
    private final int[] pulled = new int[COUNT];

    PirqWires(PirqRouter router) {
        this.router = router;
    }

    /** One function more, or one less, pulls the wire. */
    synchronized void change(int pirq, boolean pull) {
        pulled[pirq] += pull ? 1 : -1;
        if (pulled[pirq] == (pull ? 1 : 0)) {
            router.setPirq(pirq, pull);
        }
    }
}
