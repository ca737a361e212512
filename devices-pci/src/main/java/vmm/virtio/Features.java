package vmm.virtio;

/** Feature bits that belong to no device type (virtio 1.3 6). */
public final class Features {
    /** The driver may use indirect descriptors. */
    public static final long RING_INDIRECT_DESC = 1L << 28;

    /** Both sides suppress notifications by index. */
    public static final long RING_EVENT_IDX = 1L << 29;

    /** The device follows virtio 1.0 or later. */
    public static final long VERSION_1 = 1L << 32;

    /** Queues are laid out as packed ones. */
    public static final long RING_PACKED = 1L << 34;

    /** The device uses buffers in the order in which they were made available. */
    public static final long IN_ORDER = 1L << 35;

    /** The driver's notifications say where in the ring it has got to. */
    public static final long NOTIFICATION_DATA = 1L << 38;

    /** The driver may reset one queue. */
    public static final long RING_RESET = 1L << 40;

    private Features() {}
}
