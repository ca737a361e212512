package vmm.pci.chipset;

import vmm.irq.IrqLine;
import vmm.pci.ConfigSpace;
import vmm.pci.PciFunction;
import vmm.pci.PciIdentity;
import vmm.pci.PirqRouter;

/**
 * The 82371SB (PIIX3) PCI-to-ISA bridge, at 01.0: it routes the bus's interrupt wires to ISA interrupts.
 *
 * <p>Interrupt trigger modes (ELCR, ports 0x4D0 and 0x4D1) belong to the interrupt controller.
 */
public final class PiixIsaBridge extends PciFunction implements PirqRouter {
    private static final PciIdentity IDENTITY = new PciIdentity(
            "PIIX3 ISA bridge", Intel.VENDOR_ID, 0x7000, 0, 0x06_01_00, Intel.SUBSYSTEM_VENDOR_ID, Intel.SUBSYSTEM_ID);

    /** PIRQRC[A:D], one byte each. */
    private static final int PIRQRC = 0x60;

    private static final int PIRQS = 4;
    private static final int PIRQRC_DISABLED = 0x80;
    private static final int PIRQRC_IRQ = 0x0f;
    private static final int PIRQRC_BITS = PIRQRC_DISABLED | PIRQRC_IRQ;

    /** 0, 1, 2, 8 and 13 are the board's own; PIRQRC reserves their values. */
    private static final int ROUTABLE_IRQS = 0b1101_1110_1111_1000;

    /** Where firmware usually routes PIRQA to PIRQD. */
    private static final int[] USUAL_IRQS = {10, 10, 11, 11};

    private final IrqLine[] isaLines;

    /** Guards the fields below; a leaf lock, under which only ISA lines are driven. */
    private final Object routing = new Object();

    private final boolean[] levels = new boolean[PIRQS];
    private final int[] irqs = {NOT_ROUTED, NOT_ROUTED, NOT_ROUTED, NOT_ROUTED};
    private int asserted;

    /**
     * A bridge that routes nothing yet.
     *
     * @param isaLines the 16 ISA interrupts, by number
     */
    public PiixIsaBridge(IrqLine[] isaLines) {
        super(IDENTITY);
        if (isaLines.length != 16) {
            throw new IllegalArgumentException("ISA has 16 interrupts, not " + isaLines.length);
        }
        this.isaLines = isaLines.clone();
        config().define(
                        ConfigSpace.COMMAND,
                        2,
                        ConfigSpace.COMMAND_IO | ConfigSpace.COMMAND_MEMORY | ConfigSpace.COMMAND_MASTER,
                        0x108);
        config().define(ConfigSpace.STATUS, 2, Intel.MEDIUM_DECODE, 0);
        for (int pirq = 0; pirq < PIRQS; pirq++) {
            config().define(PIRQRC + pirq, 1, PIRQRC_DISABLED, PIRQRC_BITS);
        }
    }

    @Override
    public void setPirq(int pirq, boolean level) {
        synchronized (routing) {
            levels[pirq] = level;
            drive();
        }
    }

    @Override
    public int irq(int pirq) {
        synchronized (routing) {
            return irqs[pirq];
        }
    }

    @Override
    protected void configWritten(int offset, int size) {
        followRouting();
    }

    @Override
    protected void onReset() {
        followRouting();
    }

    @Override
    protected void configureWithoutFirmware() {
        for (int pirq = 0; pirq < PIRQS; pirq++) {
            config().set(PIRQRC + pirq, 1, USUAL_IRQS[pirq]);
        }
        followRouting();
    }

    private void followRouting() {
        synchronized (routing) {
            for (int pirq = 0; pirq < PIRQS; pirq++) {
                int route = config().read(PIRQRC + pirq, 1);
                int irq = route & PIRQRC_IRQ;
                boolean routed = (route & PIRQRC_DISABLED) == 0 && ((ROUTABLE_IRQS >> irq) & 1) != 0;
                irqs[pirq] = routed ? irq : NOT_ROUTED;
            }
            drive();
        }
    }

    /** Drives every ISA interrupt whose level differs from what the wires that lead to it say together. */
    private void drive() {
        int wanted = 0;
        for (int pirq = 0; pirq < PIRQS; pirq++) {
            if (levels[pirq] && irqs[pirq] != NOT_ROUTED) {
                wanted |= 1 << irqs[pirq];
            }
        }
        int changed = wanted ^ asserted;
        asserted = wanted;
        for (int irq = 0; irq < isaLines.length; irq++) {
            if (((changed >> irq) & 1) != 0) {
                isaLines[irq].set(((wanted >> irq) & 1) != 0);
            }
        }
    }
}
