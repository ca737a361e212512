package vmm.virtio.pci;

/** Takes the notifications that arrive as an access rather than in the kernel. Any thread, no lock. */
@FunctionalInterface
interface QueueNotifier {
    /**
     * The driver has notified a queue.
     *
     * @param queue any number, of a queue that exists or not
     */
    void queueNotified(int queue);
}
