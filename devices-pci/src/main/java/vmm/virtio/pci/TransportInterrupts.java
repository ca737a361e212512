package vmm.virtio.pci;

import java.util.concurrent.atomic.AtomicIntegerArray;
import vmm.irq.IrqLine;
import vmm.pci.Msix;
import vmm.virtio.QueueSetup;

/**
 * How a function interrupts its driver: by the MSI-X vectors that the driver chose, or by the ISR status register and
 * the pin (virtio 1.3 4.1.5.3 and 4.1.5.4).
 *
 * <p>Any thread may call. With MSI-X a queue's interrupt takes no lock; the lock of the ISR is a leaf but for the
 * pin's.
 */
final class TransportInterrupts {
    static final int ISR_QUEUE = 1;
    static final int ISR_CONFIG = 1 << 1;

    private final Msix msix;
    private final IrqLine pin;
    private final AtomicIntegerArray queueVectors;
    private volatile int configVector = VirtioPciState.NO_VECTOR;
    private int isr;

    TransportInterrupts(Msix msix, IrqLine pin, int queues) {
        this.msix = msix;
        this.pin = pin;
        this.queueVectors = new AtomicIntegerArray(queues);
    }

    QueueSetup.Interrupt ofQueue(int queue) {
        return () -> signalQueue(queue);
    }

    void signalQueue(int queue) {
        if (msix.enabled()) {
            int vector = queueVectors.get(queue);
            if (vector == VirtioPciState.NO_VECTOR || msix.signal(vector)) {
                return;
            }
        }
        raise(ISR_QUEUE);
    }

    void signalConfig() {
        // virtio 1.3 4.1.5.4: the ISR bit is set with MSI-X too
        raise(ISR_CONFIG);
        int vector = configVector;
        if (vector != VirtioPciState.NO_VECTOR) {
            msix.signal(vector);
        }
    }

    private synchronized void raise(int bit) {
        isr |= bit;
        drivePin();
    }

    /** The ISR status register; reading it clears it and deasserts the pin. */
    synchronized int readIsr() {
        int value = isr;
        isr = 0;
        drivePin();
        return value;
    }

    /** The guest has turned MSI-X on or off: the pin is used only without it. */
    synchronized void msixChanged() {
        drivePin();
    }

    private void drivePin() {
        pin.set(isr != 0 && !msix.enabled());
    }

    /** Forgets the messages that wait for their vector to be unmasked. */
    void clearPending() {
        msix.clearPending();
    }

    /** True while the driver has MSI-X turned on. */
    boolean msixEnabled() {
        return msix.enabled();
    }

    /** The vector that the device took for {@code wanted}: none if there is no such vector. */
    private int accepted(int wanted) {
        return wanted < msix.vectors() ? wanted : VirtioPciState.NO_VECTOR;
    }

    int queueVector(int queue) {
        return queueVectors.get(queue);
    }

    void setQueueVector(int queue, int wanted) {
        queueVectors.set(queue, accepted(wanted));
    }

    int configVector() {
        return configVector;
    }

    void setConfigVector(int wanted) {
        configVector = accepted(wanted);
    }

    synchronized int isr() {
        return isr;
    }

    synchronized void setIsr(int value) {
        isr = value;
        drivePin();
    }
}
