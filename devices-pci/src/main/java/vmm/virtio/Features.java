package vmm.virtio;

/** Feature bits that belong to no device type (virtio 1.3 6). */
public final class Features {
    /** The driver may use indirect descriptors. */
    public static final long RING_INDIRECT_DESC = 1L << 28;

    /** Both sides suppress notifications by index. */
    public static final long RING_EVENT_IDX = 1L << 29;

    /** The device follows virtio 1.0 or later. */
    public static final long VERSION_1 = 1L << 32;

    private Features() {}
}
