package vmm.virtio;

import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;
import vmm.memory.GuestFaultException;
import vmm.memory.GuestMemory;

/** The device's side of a split virtqueue (virtio 1.3 2.7). */
public final class SplitVirtqueue implements Virtqueue {
    // struct virtq_desc (virtio 1.3 2.7.5): le64 addr, le32 len, le16 flags, le16 next
    private static final int DESC_SIZE = 16;
    private static final int DESC_LEN = 8;
    private static final int DESC_F_NEXT = 1;
    private static final int DESC_F_WRITE = 2;
    private static final int DESC_F_INDIRECT = 4;

    // struct virtq_avail (2.7.6) and struct virtq_used (2.7.8): le16 flags, le16 idx, ring, le16 event
    private static final int FLAGS = 0;
    private static final int IDX = 2;
    private static final int RING = 4;
    private static final int AVAIL_ENTRY_SIZE = 2;
    private static final int USED_ENTRY_SIZE = 8;
    private static final int USED_ENTRY_LEN = 4;
    private static final int AVAIL_F_NO_INTERRUPT = 1;
    private static final int USED_F_NO_NOTIFY = 1;

    private static final int MASK_16 = 0xffff;
    private static final long MASK_32 = 0xffff_ffffL;

    private final GuestMemory memory;
    private final int index;
    private final int size;
    private final long descriptorArea;
    private final long driverArea;
    private final long deviceArea;
    private final long usedEventAddress;
    private final long availEventAddress;
    private final QueueSetup.Interrupt interrupt;
    private final boolean eventIdx;
    private final boolean indirectDesc;
    private final @Nullable CompletionOrder order;

    private int nextAvail;
    private int availIdx;
    private int nextUsed;
    private int inFlight;

    /** How many used entries the driver has not been considered for an interrupt for. */
    private int fresh;

    /** With EVENT_IDX, the driver has been asked to ring for the chain at {@link #nextAvail}, as it is at first. */
    private boolean asked = true;

    private long popped;
    private long completed;
    private long notified;
    private long suppressed;

    /**
     * A queue that the driver has just set up.
     *
     * @param features the feature bits that both sides agreed on
     * @throws GuestFaultException if the size is no power of two, or a part of the queue is misaligned or not in RAM
     */
    public SplitVirtqueue(GuestMemory memory, QueueSetup setup, long features) {
        this(memory, setup, features, State.SPLIT);
    }

    /** A queue that goes on where another one stopped with no chain in flight. See the other constructor. */
    public SplitVirtqueue(GuestMemory memory, QueueSetup setup, long features, State state) {
        this.memory = memory;
        this.index = setup.index();
        this.size = setup.size();
        this.descriptorArea = setup.descriptorArea();
        this.driverArea = setup.driverArea();
        this.deviceArea = setup.deviceArea();
        this.interrupt = setup.interrupt();
        this.eventIdx = (features & Features.RING_EVENT_IDX) != 0;
        this.indirectDesc = (features & Features.RING_INDIRECT_DESC) != 0;
        this.usedEventAddress = driverArea + RING + (long) AVAIL_ENTRY_SIZE * size;
        this.availEventAddress = deviceArea + RING + (long) USED_ENTRY_SIZE * size;
        this.nextAvail = state.nextAvail();
        this.availIdx = state.nextAvail();
        this.nextUsed = state.nextUsed();

        // virtio 1.3 2.7: sizes and alignments. The event fields are always counted in: only a driver that rounds its
        // allocation to the last byte could tell, and the table in 2.7 tells it to allocate them.
        if (size <= 0 || size > MAX_SIZE || Integer.bitCount(size) != 1) {
            throw new GuestFaultException(
                    "Queue " + index + " has " + size + " descriptors, which is no power of two.");
        }
        this.order = (features & Features.IN_ORDER) != 0 ? new CompletionOrder(size) : null;
        checkArea("descriptor table", descriptorArea, (long) DESC_SIZE * size, 16);
        checkArea("available ring", driverArea, usedEventAddress + 2 - driverArea, 2);
        checkArea("used ring", deviceArea, availEventAddress + 2 - deviceArea, 4);
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
        return new State(nextAvail, nextUsed);
    }

    @Override
    public Counters counters() {
        return new Counters(popped, completed, notified, suppressed);
    }

    @Override
    public boolean pop(DescriptorChain chain) {
        if (!hasMore()) {
            return false;
        }
        // Each chain takes at least one descriptor, which the driver may not offer again before it is used.
        if (inFlight == size) {
            throw new GuestFaultException("Queue " + index + " was offered more than its " + size + " descriptors.");
        }
        int head = memory.getShort(driverArea + RING + (long) AVAIL_ENTRY_SIZE * (nextAvail & (size - 1)));
        chain.begin();
        walk(chain, head);
        chain.identify(order == null ? head : order.enter(head));
        nextAvail = (nextAvail + 1) & MASK_16;
        inFlight++;
        popped++;
        return true;
    }

    private boolean lookForMore() {
        // virtio 1.3 2.7.13.3.1: the driver wrote the entries before idx
        int idx = memory.getShortAcquire(driverArea + IDX);
        int ahead = (idx - nextAvail) & MASK_16;
        if (ahead > size) {
            throw new GuestFaultException("The available index of queue " + index + " is " + ahead
                    + " ahead, more than its " + size + " descriptors.");
        }
        availIdx = idx;
        return ahead != 0;
    }

    private void walk(DescriptorChain chain, int head) {
        long table = descriptorArea;
        long entries = size;
        long visited = 0;
        boolean indirect = false;
        int next = head;
        while (true) {
            if (next >= entries) {
                throw new GuestFaultException(
                        "Descriptor " + next + " of queue " + index + " is beyond its table of " + entries + ".");
            }
            // A chain that is longer than its table visits some descriptor twice, which is a loop.
            if (visited++ == entries) {
                throw new GuestFaultException("A descriptor chain of queue " + index + " is a loop.");
            }
            long at = table + (long) DESC_SIZE * next;
            long address = memory.getLong(at);
            long rest = memory.getLong(at + DESC_LEN);
            long length = rest & MASK_32;
            int flags = (int) (rest >>> 32) & MASK_16;
            if ((flags & DESC_F_INDIRECT) != 0) {
                // virtio 1.3 2.7.5.3.2: it may end a chain of direct ones, and its WRITE flag says nothing
                checkIndirect(indirect, flags, address, length);
                indirect = true;
                table = address;
                entries = length / DESC_SIZE;
                visited = 0;
                next = 0;
                continue;
            }
            chain.append(address, length, (flags & DESC_F_WRITE) != 0);
            if ((flags & DESC_F_NEXT) == 0) {
                return;
            }
            next = (int) (rest >>> 48);
        }
    }

    /**
     * virtio 1.3 2.7.5.3.1. A chain in an indirect table may be longer than the queue here, up to the capacity of the
     * {@link DescriptorChain}: drivers that shrank a queue go by the device's limits, not by that size.
     */
    private void checkIndirect(boolean nested, int flags, long address, long length) {
        if (!indirectDesc) {
            throw new GuestFaultException("Queue " + index + " has an indirect descriptor without that feature.");
        }
        if (nested) {
            throw new GuestFaultException("An indirect descriptor of queue " + index + " is in an indirect table.");
        }
        if ((flags & DESC_F_NEXT) != 0) {
            throw new GuestFaultException("An indirect descriptor of queue " + index + " has a next one.");
        }
        if (length == 0 || length % DESC_SIZE != 0) {
            throw new GuestFaultException(
                    "An indirect table of queue " + index + " has a length of " + length + " bytes.");
        }
        if (!memory.contains(address, length)) {
            throw new GuestFaultException("An indirect table of queue " + index + " at guest address 0x"
                    + Long.toHexString(address) + " is not in memory.");
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

    private void use(int head, long written) {
        long at = deviceArea + RING + (long) USED_ENTRY_SIZE * (nextUsed & (size - 1));
        memory.putInt(at, head);
        memory.putInt(at + USED_ENTRY_LEN, (int) written);
        nextUsed = (nextUsed + 1) & MASK_16;
        // virtio 1.3 2.7.8.2: the entry before idx
        memory.putShortRelease(deviceArea + IDX, nextUsed);
        inFlight--;
        fresh++;
        completed++;
    }

    @Override
    public boolean notifyDriver() {
        if (fresh == 0) {
            return false;
        }
        // virtio 1.3 2.7.7.2: idx must be visible before the driver's wish is read, or a driver that writes its wish
        // and then looks at idx could miss both
        VarHandle.fullFence();
        boolean wanted;
        if (eventIdx) {
            // Was an entry written at index used_event? The indices wrap around at 2^16.
            int usedEvent = memory.getShort(usedEventAddress);
            wanted = ((nextUsed - usedEvent - 1) & MASK_16) < fresh;
        } else {
            wanted = (memory.getShort(driverArea + FLAGS) & AVAIL_F_NO_INTERRUPT) == 0;
        }
        fresh = 0;
        if (wanted) {
            notified++;
            interrupt.signal();
        } else {
            suppressed++;
        }
        return wanted;
    }

    @Override
    public boolean hasMore() {
        return nextAvail != availIdx || lookForMore();
    }

    @Override
    public void disableNotifications() {
        if (!eventIdx) {
            memory.putShort(deviceArea + FLAGS, USED_F_NO_NOTIFY);
        } else if (asked) {
            // virtio 1.3 2.7.10.2: with EVENT_IDX flags stay 0. An index that the driver has passed is as good for the
            // next 65535 chains.
            asked = false;
            memory.putShort(availEventAddress, nextAvail - 1);
        }
    }

    @Override
    public boolean enableNotifications() {
        if (eventIdx) {
            asked = true;
            memory.putShort(availEventAddress, nextAvail);
        } else {
            memory.putShort(deviceArea + FLAGS, 0);
        }
        // virtio 1.3 2.7.13.4.1: the driver writes idx, then reads this; so write this, then read idx
        VarHandle.fullFence();
        return hasMore();
    }
}
