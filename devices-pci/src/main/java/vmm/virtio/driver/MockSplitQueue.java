package vmm.virtio.driver;

import java.lang.invoke.VarHandle;

/**
 * The driver's side of a split virtqueue (virtio 1.3 2.7). Descriptors are used again in the order in which they became
 * free, so a device that answers in order is offered them in ring order.
 */
public final class MockSplitQueue extends MockQueue {
    private static final int MASK_16 = 0xffff;
    private static final int NONE = -1;

    /** The descriptor after each one in the list of free ones, or in the chain that it belongs to. */
    private final int[] links;

    private final boolean[] isHead;
    private int firstFree;
    private int lastFree;
    private int free;

    private int nextAvail;
    private int shownAvail;
    private int nextUsed;
    private boolean interruptsWanted = true;
    private int usedHead;
    private long usedLength;

    MockSplitQueue(MockDriver driver, int index, int size, long features) {
        super(driver, index, size, features, new long[] {(long) DESC_SIZE * size, 6 + 2L * size, 6 + 8L * size}, 2);
        this.links = new int[size];
        this.isHead = new boolean[size];
        this.free = size;
        this.lastFree = size - 1;
        for (int i = 0; i < size; i++) {
            links[i] = i + 1 < size ? i + 1 : NONE;
        }
    }

    @Override
    public int free() {
        return free;
    }

    @Override
    public int offer() {
        int count = gathered();
        if (count == 0 || count > free) {
            throw new IllegalStateException(count + " descriptors wanted, " + free + " free.");
        }
        int head = firstFree;
        int at = head;
        for (int i = 0; i < count; i++) {
            boolean last = i == count - 1;
            int flags = flags(i, last);
            putDescriptor(at, gatheredAddress(i), gatheredLength(i), flags, last ? 0 : links[at]);
            if (last) {
                firstFree = links[at];
                links[at] = NONE;
            } else {
                at = links[at];
            }
        }
        free -= count;
        return enter(head);
    }

    @Override
    public int offerIndirect(long table) {
        int count = gathered();
        if (count == 0 || free == 0) {
            throw new IllegalStateException("No descriptor is free.");
        }
        for (int i = 0; i < count; i++) {
            boolean last = i == count - 1;
            putDescriptor(table, i, gatheredAddress(i), gatheredLength(i), flags(i, last), last ? 0 : i + 1);
        }
        int head = firstFree;
        firstFree = links[head];
        links[head] = NONE;
        free--;
        putDescriptor(head, table, (long) DESC_SIZE * count, DESC_F_INDIRECT, 0);
        return enter(head);
    }

    private int flags(int buffer, boolean last) {
        return (last ? 0 : DESC_F_NEXT) | gatheredFlags(buffer);
    }

    private int enter(int head) {
        forget();
        isHead[head] = true;
        putAvailable(nextAvail, head);
        nextAvail = (nextAvail + 1) & MASK_16;
        return head;
    }

    @Override
    public boolean kick() {
        int fresh = (nextAvail - shownAvail) & MASK_16;
        putAvailIdx(nextAvail);
        shownAvail = nextAvail;
        VarHandle.fullFence();
        boolean wanted;
        if (eventIdx()) {
            int availEvent = memory().getShort(deviceArea() + 4 + 8L * size());
            wanted = ((nextAvail - availEvent - 1) & MASK_16) < fresh;
        } else {
            wanted = (memory().getShort(deviceArea()) & 1) == 0;
        }
        return ringIf(wanted);
    }

    @Override
    public boolean collect() {
        if (memory().getShortAcquire(deviceArea() + 2) == nextUsed) {
            return false;
        }
        long at = deviceArea() + 4 + 8L * (nextUsed & (size() - 1));
        usedHead = memory().getInt(at);
        usedLength = memory().getInt(at + 4) & 0xffff_ffffL;
        nextUsed = (nextUsed + 1) & MASK_16;
        if (eventIdx() && interruptsWanted) {
            putUsedEvent(nextUsed);
        }
        if (usedHead < 0 || usedHead >= size() || !isHead[usedHead]) {
            throw new IllegalStateException("The device used request " + usedHead + ", which it did not have.");
        }
        isHead[usedHead] = false;
        int last = usedHead;
        int count = 1;
        for (; links[last] != NONE; last = links[last]) {
            count++;
        }
        if (free == 0) {
            firstFree = usedHead;
        } else {
            links[lastFree] = usedHead;
        }
        lastFree = last;
        free += count;
        return true;
    }

    @Override
    public int usedHead() {
        return usedHead;
    }

    @Override
    public long usedLength() {
        return usedLength;
    }

    @Override
    public void wantInterrupts(boolean wanted) {
        interruptsWanted = wanted;
        if (eventIdx()) {
            putUsedEvent(wanted ? nextUsed : nextUsed - 1);
        } else {
            memory().putShort(driverArea(), wanted ? 0 : 1);
        }
    }

    /** Writes one descriptor of the queue's table, whatever it says. */
    public void putDescriptor(int i, long address, long length, int flags, int next) {
        putDescriptor(descriptorArea(), i, address, length, flags, next);
    }

    /** Writes one descriptor of the table at {@code table}, whatever it says. */
    public void putDescriptor(long table, int i, long address, long length, int flags, int next) {
        long at = table + (long) DESC_SIZE * i;
        memory().putLong(at, address);
        memory().putInt(at + 8, (int) length);
        memory().putShort(at + 12, flags);
        memory().putShort(at + 14, next);
    }

    /** Writes the entry of the available ring where index {@code idx} belongs, whatever it says. */
    public void putAvailable(int idx, int head) {
        memory().putShort(driverArea() + 4 + 2L * (idx & (size() - 1)), head);
    }

    /** Shows the device an available index, whatever it says. */
    public void putAvailIdx(int idx) {
        memory().putShortRelease(driverArea() + 2, idx);
    }

    /** Writes used_event, whatever it says. */
    public void putUsedEvent(int idx) {
        memory().putShort(driverArea() + 4 + 2L * size(), idx);
    }

    /** The available index that {@link #kick} would show. */
    public int availIdx() {
        return nextAvail;
    }

    /** The device's flags in the used ring. */
    public int usedFlags() {
        return memory().getShort(deviceArea());
    }

    @Override
    public int used() {
        return usedIdx();
    }

    /** The used index that the device shows. */
    public int usedIdx() {
        return memory().getShortAcquire(deviceArea() + 2);
    }

    /** The avail_event that the device shows. */
    public int availEvent() {
        return memory().getShort(deviceArea() + 4 + 8L * size());
    }
}
