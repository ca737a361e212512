package vmm.pci;

import org.jspecify.annotations.Nullable;
import vmm.irq.IrqLine;

/**
 * The INTx# pin of a function: what the function wants, what the Interrupt Disable bit allows, and the wire. Any thread
 * may call; its lock is taken after any of a device and before that of the wires.
 */
final class InterruptPin implements IrqLine {
    private boolean pending;
    private boolean disabled;
    private boolean driven;
    private @Nullable PirqWires wires;
    private int pirq;

    synchronized void connect(PirqWires newWires, int newPirq) {
        wires = newWires;
        pirq = newPirq;
        drive();
    }

    /** Asserts or deasserts the interrupt inside the function. */
    @Override
    public synchronized void set(boolean level) {
        pending = level;
        drive();
    }

    /** Follows the Interrupt Disable bit of the command register. */
    synchronized void setDisabled(boolean value) {
        disabled = value;
        drive();
    }

    /** The Interrupt Status bit, which does not heed Interrupt Disable (PCI 3.0 6.2.3). */
    synchronized boolean pending() {
        return pending;
    }

    private void drive() {
        boolean wanted = pending && !disabled;
        if (wanted != driven && wires != null) {
            driven = wanted;
            wires.change(pirq, wanted);
        }
    }
}
