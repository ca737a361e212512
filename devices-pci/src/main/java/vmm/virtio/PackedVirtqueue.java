package vmm.virtio;

import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;
import vmm.memory.GuestFaultException;
import vmm.memory.GuestMemory;

/**
 * The device's side of a packed virtqueue (virtio 1.3 2.8).
 *
 * <p>One ring holds what the driver makes available and, written over it, what the device has used. Flags in each
 * descriptor say which it is; their meaning turns over whenever a side comes round to the start.
 */
public final class PackedVirtqueue implements Virtqueue {
    // struct pvirtq_desc (virtio 1.3 2.8.13): le64 addr, le32 len, le16 id, le16 flags; the last three are read and
    // written as one number, so that they always belong together
    private static final int DESC_SIZE = 16;
    private static final int DESC_REST = 8;
    private static final int ID_SHIFT = 32;
    private static final int FLAGS_SHIFT = 48;
    private static final int DESC_F_NEXT = 1;
    private static final int DESC_F_WRITE = 1 << 1;
    private static final int DESC_F_INDIRECT = 1 << 2;
    private static final int DESC_F_AVAIL = 1 << 7;
    private static final int DESC_F_USED = 1 << 15;

    // struct pvirtq_event_suppress (2.8.14): le16 desc with the wrap counter in bit 15, le16 flags with 14 reserved
    // bits
    private static final int EVENT_SIZE = 4;
    private static final int EVENT_FLAGS_SHIFT = 16;
    private static final int EVENT_FLAGS_MASK = 3;
    private static final int EVENT_FLAGS_ENABLE = 0;
    private static final int EVENT_FLAGS_DISABLE = 1;
    private static final int EVENT_FLAGS_DESC = 2;
    private static final int WRAP = 1 << 15;

    private static final int MASK_15 = 0x7fff;
    private static final int MASK_16 = 0xffff;
    private static final long MASK_32 = 0xffff_ffffL;

    private final GuestMemory memory;
    private final int index;
    private final int size;
    private final long descriptorArea;
    private final long driverArea;
    private final long deviceArea;
    private final QueueSetup.Interrupt interrupt;
    private final boolean eventIdx;
    private final boolean indirectDesc;
    private final @Nullable CompletionOrder order;

    private int nextAvail;
    private boolean availWrap;
    private int nextUsed;
    private boolean usedWrap;

    private int inFlight;
    private int descriptorsInFlight;

    /**
     * Over how many descriptors used ones were written that the driver has not been considered for an interrupt for.
     */
    private int fresh;

    /** The driver has not been told that it need not ring. */
    private boolean asked = true;

    private long popped;
    private long completed;
    private long notified;
    private long suppressed;

    /**
     * A queue that the driver has just set up.
     *
     * @param features the feature bits that both sides agreed on
     * @throws GuestFaultException if the size is impossible, or a part of the queue is misaligned or not in RAM
     */
    public PackedVirtqueue(GuestMemory memory, QueueSetup setup, long features) {
        this(memory, setup, features, State.PACKED);
    }

    /** A queue that goes on where another one stopped with no chain in flight. See the other constructor. */
    public PackedVirtqueue(GuestMemory memory, QueueSetup setup, long features, State state) {
        this.memory = memory;
        this.index = setup.index();
        this.size = setup.size();
        this.descriptorArea = setup.descriptorArea();
        this.driverArea = setup.driverArea();
        this.deviceArea = setup.deviceArea();
        this.interrupt = setup.interrupt();
        this.eventIdx = (features & Features.RING_EVENT_IDX) != 0;
        this.indirectDesc = (features & Features.RING_INDIRECT_DESC) != 0;
        this.nextAvail = state.nextAvail() & MASK_15;
        this.availWrap = (state.nextAvail() & WRAP) != 0;
        this.nextUsed = state.nextUsed() & MASK_15;
        this.usedWrap = (state.nextUsed() & WRAP) != 0;

        // virtio 1.3 2.8.10.1: sizes and alignments
        if (size <= 0 || size > MAX_SIZE) {
            throw new GuestFaultException("Queue " + index + " has " + size + " descriptors.");
        }
        this.order = (features & Features.IN_ORDER) != 0 ? new CompletionOrder(size) : null;
        checkArea("descriptor ring", descriptorArea, (long) DESC_SIZE * size, 16);
        checkArea("driver event suppression", driverArea, EVENT_SIZE, 4);
        checkArea("device event suppression", deviceArea, EVENT_SIZE, 4);
    }

    private void checkArea(String part, long address, long length, int alignment) {
        if ((address & (alignment - 1)) != 0 || !memory.contains(address, length)) {
            throw new GuestFaultException("The " + part + " of queue " + index + " at guest address 0x"
                    + Long.toHexString(address) + " is misaligned or not in memory.");
        }
    }

    @Override
    public int index() {
        return index;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public int inFlight() {
        return inFlight;
    }

    @Override
    public State state() {
        return new State(position(nextAvail, availWrap), position(nextUsed, usedWrap));
    }

    private static int position(int offset, boolean wrap) {
        return wrap ? offset | WRAP : offset;
    }

    @Override
    public Counters counters() {
        return new Counters(popped, completed, notified, suppressed);
    }

    @Override
    public boolean hasMore() {
        return isAvailable(rest(nextAvail));
    }

    /** All of a descriptor but its address, which is read later: a driver writes the address first. */
    private long rest(int descriptor) {
        return memory.getLongAcquire(descriptorArea + (long) DESC_SIZE * descriptor + DESC_REST);
    }

    /** virtio 1.3 2.8.1: of an available descriptor, AVAIL is as the wrap counter and USED is not. */
    private boolean isAvailable(long rest) {
        int flags = (int) (rest >>> FLAGS_SHIFT) & (DESC_F_AVAIL | DESC_F_USED);
        return flags == (availWrap ? DESC_F_AVAIL : DESC_F_USED);
    }

    @Override
    public boolean pop(DescriptorChain chain) {
        long rest = rest(nextAvail);
        if (!isAvailable(rest)) {
            return false;
        }
        chain.begin();
        int descriptor = nextAvail;
        int taken = 1;
        while (true) {
            // A chain that is longer than the rest of the ring runs into descriptors that are not the driver's to
            // offer.
            if (taken > size - descriptorsInFlight) {
                throw new GuestFaultException(
                        "Queue " + index + " was offered more than its " + size + " descriptors.");
            }
            long address = memory.getLong(descriptorArea + (long) DESC_SIZE * descriptor);
            long length = rest & MASK_32;
            int flags = (int) (rest >>> FLAGS_SHIFT);
            if ((flags & DESC_F_INDIRECT) != 0) {
                walkTable(chain, taken, flags, address, length);
                break;
            }
            chain.append(address, length, (flags & DESC_F_WRITE) != 0);
            if ((flags & DESC_F_NEXT) == 0) {
                break;
            }
            descriptor = descriptor + 1 == size ? 0 : descriptor + 1;
            rest = rest(descriptor);
            taken++;
        }
        // virtio 1.3 2.8.6: the buffer ID is that of the last descriptor, and is the driver's to choose
        int handle = ((int) (rest >>> ID_SHIFT) & MASK_16) | (taken << Short.SIZE);
        chain.identify(order == null ? handle : order.enter(handle));
        nextAvail += taken;
        if (nextAvail >= size) {
            nextAvail -= size;
            availWrap = !availWrap;
        }
        inFlight++;
        descriptorsInFlight += taken;
        popped++;
        return true;
    }

    /**
     * virtio 1.3 2.8.7: an indirect descriptor is a whole request, and its table has no order but that of addresses.
     */
    private void walkTable(DescriptorChain chain, int taken, int flags, long table, long length) {
        if (!indirectDesc) {
            throw new GuestFaultException("Queue " + index + " has an indirect descriptor without that feature.");
        }
        if (taken != 1 || (flags & DESC_F_NEXT) != 0) {
            throw new GuestFaultException("An indirect descriptor of queue " + index + " is part of a chain.");
        }
        if (length == 0 || length % DESC_SIZE != 0) {
            throw new GuestFaultException(
                    "An indirect table of queue " + index + " has a length of " + length + " bytes.");
        }
        if (!memory.contains(table, length)) {
            throw new GuestFaultException("An indirect table of queue " + index + " at guest address 0x"
                    + Long.toHexString(table) + " is not in memory.");
        }
        // A table that is longer than the chain's capacity is refused by the chain.
        for (long at = table; at < table + length; at += DESC_SIZE) {
            long rest = memory.getLong(at + DESC_REST);
            chain.append(memory.getLong(at), rest & MASK_32, ((rest >>> FLAGS_SHIFT) & DESC_F_WRITE) != 0);
        }
    }

    @Override
    public void complete(int head, long written) {
        if (inFlight == 0) {
            throw new IllegalStateException("Queue " + index + " has no chain in flight.");
        }
        if (order == null) {
            use(head, written);
        } else {
            order.end(head, written);
            for (; order.hasNext(); order.remove()) {
                use(order.handle(), order.written());
            }
        }
    }

    private void use(int handle, long written) {
        int taken = handle >>> Short.SIZE;
        // virtio 1.3 2.8.1: of a used descriptor, both flags are as the wrap counter
        int flags = (usedWrap ? DESC_F_AVAIL | DESC_F_USED : 0) | (written != 0 ? DESC_F_WRITE : 0);
        memory.putLongRelease(
                descriptorArea + (long) DESC_SIZE * nextUsed + DESC_REST,
                (written & MASK_32) | ((long) (handle & MASK_16) << ID_SHIFT) | ((long) flags << FLAGS_SHIFT));
        nextUsed += taken;
        if (nextUsed >= size) {
            nextUsed -= size;
            usedWrap = !usedWrap;
        }
        inFlight--;
        descriptorsInFlight -= taken;
        fresh += taken;
        completed++;
    }

    @Override
    public boolean notifyDriver() {
        if (fresh == 0) {
            return false;
        }
        // virtio 1.3 2.8.22: what was used must be visible before the driver's wish is read, or a driver that writes
        // its wish and then looks at the ring could miss both
        VarHandle.fullFence();
        int event = memory.getInt(driverArea);
        boolean wanted = switch ((event >>> EVENT_FLAGS_SHIFT) & EVENT_FLAGS_MASK) {
            case EVENT_FLAGS_DISABLE -> false;
            case EVENT_FLAGS_DESC -> !eventIdx || passed(event & MASK_15, (event & WRAP) != 0);
            // ENABLE, or the value that means nothing
            default -> true;
        };
        fresh = 0;
        if (wanted) {
            notified++;
            interrupt.signal();
        } else {
            suppressed++;
        }
        return wanted;
    }

    /**
     * True if this descriptor is among the fresh ones. Positions are counted over two rounds, which have one wrap
     * counter each, and more than that is not known of the past.
     */
    private boolean passed(int offset, boolean wrap) {
        int now = usedWrap ? nextUsed : nextUsed + size;
        int event = wrap ? offset : offset + size;
        int behind = now - event - 1;
        return (behind < 0 ? behind + 2 * size : behind) < Math.min(fresh, 2 * size - 1);
    }

    @Override
    public void disableNotifications() {
        if (asked) {
            asked = false;
            memory.putInt(deviceArea, EVENT_FLAGS_DISABLE << EVENT_FLAGS_SHIFT);
        }
    }

    @Override
    public boolean enableNotifications() {
        asked = true;
        memory.putInt(
                deviceArea,
                eventIdx
                        ? position(nextAvail, availWrap) | (EVENT_FLAGS_DESC << EVENT_FLAGS_SHIFT)
                        : EVENT_FLAGS_ENABLE << EVENT_FLAGS_SHIFT);
        // The driver writes flags of a descriptor, then reads this; so write this, then read them.
        VarHandle.fullFence();
        return hasMore();
    }
}
