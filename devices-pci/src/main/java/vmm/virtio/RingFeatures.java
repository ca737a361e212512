package vmm.virtio;

/**
 * The features of its queues that a device offers (virtio 1.3 6), each of which a user can switch as in QEMU.
 *
 * @param indirect {@link Features#RING_INDIRECT_DESC}
 * @param eventIdx {@link Features#RING_EVENT_IDX}
 * @param packed {@link Features#RING_PACKED}
 * @param inOrder {@link Features#IN_ORDER}
 * @param ringReset {@link Features#RING_RESET}
 * @param notificationData {@link Features#NOTIFICATION_DATA}
 */
public record RingFeatures(
        boolean indirect,
        boolean eventIdx,
        boolean packed,
        boolean inOrder,
        boolean ringReset,
        boolean notificationData) {
    /** What QEMU offers when nobody says anything. */
    public static final RingFeatures DEFAULT = new RingFeatures(true, true, false, false, true, false);

    /** All of them. */
    public static final RingFeatures ALL = new RingFeatures(true, true, true, true, true, true);

    /** The feature bits to offer. */
    public long bits() {
        return (indirect ? Features.RING_INDIRECT_DESC : 0)
                | (eventIdx ? Features.RING_EVENT_IDX : 0)
                | (packed ? Features.RING_PACKED : 0)
                | (inOrder ? Features.IN_ORDER : 0)
                | (ringReset ? Features.RING_RESET : 0)
                | (notificationData ? Features.NOTIFICATION_DATA : 0);
    }
}
