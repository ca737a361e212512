package vmm.virtio;

import vmm.memory.GuestFaultException;
import vmm.memory.GuestMemory;

/**
 * The device's side of a virtqueue (virtio 1.3 2.6), whichever of the two layouts the driver agreed to.
 *
 * <p>Owned by one thread, takes no lock and allocates nothing. Every value from guest memory is read once and then
 * checked; whatever no driver would write raises a {@link GuestFaultException}, after which the queue must not be used.
 */
public sealed interface Virtqueue permits SplitVirtqueue, PackedVirtqueue {
    /** The largest size of a queue (virtio 1.3 2.7 and 2.8.10.1). */
    int MAX_SIZE = 32768;

    /**
     * A queue that the driver has just set up.
     *
     * @param features the feature bits that both sides agreed on
     * @throws GuestFaultException if the size is impossible, or a part of the queue is misaligned or not in RAM
     */
    static Virtqueue of(GuestMemory memory, QueueSetup setup, long features) {
        return (features & Features.RING_PACKED) != 0
                ? new PackedVirtqueue(memory, setup, features)
                : new SplitVirtqueue(memory, setup, features);
    }

    /**
     * What a queue remembers between requests; the rest is in guest memory. For a split queue, free-running indices of
     * 16 bits; for a packed one, the offset of a descriptor in bits 0 to 14 and the wrap counter in bit 15.
     *
     * @param nextAvail where the next chain is taken
     * @param nextUsed where the next chain is given back
     */
    record State(int nextAvail, int nextUsed) {
        /** A split queue that nobody has used. */
        public static final State SPLIT = new State(0, 0);

        /** A packed queue that nobody has used: both wrap counters are 1. */
        public static final State PACKED = new State(1 << 15, 1 << 15);
    }

    /**
     * What a queue has done since it was made.
     *
     * @param popped chains taken
     * @param completed chains given back
     * @param notified interrupts sent
     * @param suppressed batches of completed chains for which the driver wanted no interrupt
     */
    record Counters(long popped, long completed, long notified, long suppressed) {}

    /** Which queue of the device this is. */
    int index();

    /** The number of descriptors. */
    int size();

    /** How many chains have been popped and not completed, at most {@link #size}. */
    int inFlight();

    /** What the queue remembers. Counts only while nothing is in flight. */
    State state();

    /** What the queue has done so far. Any thread may call; others than the owner see it a little late. */
    Counters counters();

    /**
     * Takes the next chain that the driver has made available.
     *
     * @param chain filled with it; untouched if there is none
     * @return false if there is none
     * @throws GuestFaultException if the ring or the chain breaks a rule
     */
    boolean pop(DescriptorChain chain);

    /**
     * Gives a chain back: the driver can see it from now on, if it looks. With {@link Features#IN_ORDER} that is when
     * all earlier ones have been given back as well.
     *
     * @param head the chain's {@link DescriptorChain#head}
     * @param written how many bytes were written, counted from the first writable one; those must have been written
     * @throws IllegalStateException if nothing is in flight
     */
    void complete(int head, long written);

    /**
     * Interrupts the driver if it wants that for what it was shown since the last call.
     *
     * @return true if it was interrupted
     */
    boolean notifyDriver();

    /**
     * True if the driver has made a chain available, as far as a look at the ring tells.
     *
     * @throws GuestFaultException if the ring is in an impossible state
     */
    boolean hasMore();

    /** Tells the driver that it need not ring the doorbell for now. It may ring all the same. */
    void disableNotifications();

    /**
     * Asks the driver to ring the doorbell for the next chain.
     *
     * @return true if one has arrived meanwhile, which may come without a ring
     * @throws GuestFaultException if the ring is in an impossible state
     */
    boolean enableNotifications();
}
