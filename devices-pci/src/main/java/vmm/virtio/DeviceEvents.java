package vmm.virtio;

/** A device's way to its driver outside the queues. Any thread may call. */
public interface DeviceEvents {
    /** The configuration space has changed (virtio 1.3 2.5): a new generation and a configuration interrupt. */
    void configChanged();

    /**
     * The device met something it cannot go on from, such as a broken ring (virtio 1.3 2.1.2): sets DEVICE_NEEDS_RESET
     * and tells the driver. The device has stopped looking at its queues.
     */
    void needsReset(String reason);
}
