package vmm.virtio;

import vmm.linux.EventFd;

/**
 * One queue as the driver set it up (virtio 1.3 2.6): nothing of it has been checked against guest memory.
 *
 * @param index which queue of the device
 * @param size its number of descriptors, between 1 and the device's largest
 * @param descriptorArea guest physical address of the descriptor table
 * @param driverArea guest physical address of the available ring
 * @param deviceArea guest physical address of the used ring
 * @param doorbell signalled when the driver notifies this queue
 * @param interrupt notifies the driver of used buffers
 */
public record QueueSetup(
        int index,
        int size,
        long descriptorArea,
        long driverArea,
        long deviceArea,
        EventFd doorbell,
        Interrupt interrupt) {
    /** A way to the driver's interrupt handler. Any thread may call. */
    @FunctionalInterface
    public interface Interrupt {
        /** Interrupts the driver, by message or by line, whatever it chose. */
        void signal();
    }
}
