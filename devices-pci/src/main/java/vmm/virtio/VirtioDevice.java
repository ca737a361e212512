package vmm.virtio;

/**
 * A virtio device without its transport: it never learns whether PCI or anything else carries it.
 *
 * <p>The transport calls from vCPU threads, one call at a time. {@link #activate} and {@link #reset} alternate.
 */
public interface VirtioDevice {
    /** The device type (virtio 1.3 5): 2 for a block device, 8 for a SCSI host. */
    int type();

    /**
     * The feature bits that the device offers (virtio 1.3 2.2), those of its rings among them. The transport adds
     * {@link Features#VERSION_1}.
     */
    long features();

    /** The largest size of each queue, a power of two, by queue index; its length is the number of queues. */
    int[] queueSizes();

    /** The size in bytes of the device's configuration space (virtio 1.3 2.5). */
    int configSize();

    /**
     * Reads the configuration space, little-endian.
     *
     * @param offset with {@code size} inside {@link #configSize}
     * @param size 1, 2, 4 or 8
     */
    long readConfig(int offset, int size);

    /** Writes the configuration space; what cannot be written ignores it. See {@link #readConfig}. */
    void writeConfig(int offset, int size, long value);

    /** The driver has set DRIVER_OK: take the queues and start. Called once after each {@link #reset}. */
    void activate(Activation activation);

    /**
     * Back to the state before any driver. When this returns no request is in flight, no queue is looked at and no byte
     * of guest memory will be touched.
     */
    void reset();

    /**
     * The driver takes one queue of the running device away (virtio 1.3 2.6.1): after it has accepted
     * {@link Features#RING_RESET}, or by the legacy interface, which does not ask. When this returns none of the
     * queue's requests is in flight and no byte of it will be touched; other queues have gone on.
     *
     * @param index which queue, one that was set up
     */
    void resetQueue(int index);

    /**
     * The driver gives the running device a queue that it had taken away, or by the legacy interface one that it has
     * not set up before.
     */
    void enableQueue(QueueSetup setup);
}
