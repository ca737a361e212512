package vmm.virtio.driver;

import java.lang.invoke.VarHandle;

/**
 * The driver's side of a packed virtqueue (virtio 1.3 2.8). Buffer IDs are given in the order in which they became
 * free, so that they soon have nothing to do with positions in the ring.
 */
public final class MockPackedQueue extends MockQueue {
    /** Flag of a descriptor: as the driver's wrap counter if it is available. */
    public static final int DESC_F_AVAIL = 1 << 7;

    /** Flag of a descriptor: the opposite of the driver's wrap counter if it is available. */
    public static final int DESC_F_USED = 1 << 15;

    private static final int WRAP = 1 << 15;
    private static final int EVENT_DISABLE = 1;
    private static final int EVENT_DESC = 2;
    private static final int FLAGS = 14;
    private static final int REST = 8;
    private static final int MASK_16 = 0xffff;

    private int nextAvail;
    private boolean availWrap = true;
    private int nextUsed;
    private boolean usedWrap = true;
    private int free;

    /** The identifiers that belong to no request, a ring. */
    private final int[] freeIds;

    private int firstFreeId;
    private int freeIdCount;

    /** How many descriptors the request with each identifier has; 0 if there is none. */
    private final int[] descriptors;

    /** Where the first request is that the device has not been shown, and the flags that will show it. */
    private int hidden = -1;

    private int hiddenFlags;
    private int fresh;

    private boolean interruptsWanted = true;
    private int usedHead;
    private long usedLength;
    private int collected;

    MockPackedQueue(MockDriver driver, int index, int size, long features) {
        super(driver, index, size, features, new long[] {(long) DESC_SIZE * size, 4, 4}, 4);
        this.free = size;
        this.freeIds = new int[size];
        this.freeIdCount = size;
        this.descriptors = new int[size];
        for (int i = 0; i < size; i++) {
            freeIds[i] = i;
        }
        wantInterrupts(true);
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
        int id = takeId(count);
        for (int i = 0; i < count; i++) {
            int flags = gatheredFlags(i) | (i < count - 1 ? DESC_F_NEXT : 0);
            // Only the last descriptor's identifier counts.
            place(gatheredAddress(i), gatheredLength(i), i < count - 1 ? MASK_16 : id, flags);
        }
        forget();
        return id;
    }

    @Override
    public int offerIndirect(long table) {
        int count = gathered();
        if (count == 0 || free == 0) {
            throw new IllegalStateException("No descriptor is free.");
        }
        for (int i = 0; i < count; i++) {
            putDescriptor(table, i, gatheredAddress(i), gatheredLength(i), 0, gatheredFlags(i));
        }
        int id = takeId(1);
        place(table, (long) DESC_SIZE * count, id, DESC_F_INDIRECT);
        forget();
        return id;
    }

    private int takeId(int count) {
        int id = freeIds[firstFreeId];
        firstFreeId = (firstFreeId + 1) % freeIds.length;
        freeIdCount--;
        descriptors[id] = count;
        free -= count;
        fresh += count;
        return id;
    }

    private void place(long address, long length, int id, int flags) {
        int all = flags | availableFlags(availWrap);
        putDescriptor(descriptorArea(), nextAvail, address, length, id, hidden < 0 ? flagsBefore(nextAvail) : all);
        if (hidden < 0) {
            hidden = nextAvail;
            hiddenFlags = all;
        }
        if (++nextAvail == size()) {
            nextAvail = 0;
            availWrap = !availWrap;
        }
    }

    private int flagsBefore(int descriptor) {
        return memory().getShort(descriptorArea() + (long) DESC_SIZE * descriptor + FLAGS);
    }

    /** The two flags of a descriptor that is available in a round with this wrap counter. */
    public static int availableFlags(boolean wrap) {
        return wrap ? DESC_F_AVAIL : DESC_F_USED;
    }

    @Override
    public boolean kick() {
        if (hidden >= 0) {
            // virtio 1.3 2.8.6: the first descriptor after all others
            memory().putShortRelease(descriptorArea() + (long) DESC_SIZE * hidden + FLAGS, hiddenFlags);
            hidden = -1;
        }
        VarHandle.fullFence();
        int event = deviceEvent();
        boolean wanted = switch (event >>> Short.SIZE) {
            case EVENT_DISABLE -> false;
            case EVENT_DESC -> passed(event & (WRAP - 1), (event & WRAP) != 0);
            default -> true;
        };
        fresh = 0;
        return ringIf(wanted);
    }

    private boolean passed(int offset, boolean wrap) {
        int now = availWrap ? nextAvail : nextAvail + size();
        int event = wrap ? offset : offset + size();
        return Math.floorMod(now - event - 1, 2 * size()) < fresh;
    }

    @Override
    public boolean collect() {
        long rest = memory().getLongAcquire(descriptorArea() + (long) DESC_SIZE * nextUsed + REST);
        if (!isUsed(rest, usedWrap)) {
            return false;
        }
        int id = id(rest);
        if (id >= size() || descriptors[id] == 0) {
            throw new IllegalStateException("The device used request " + id + ", which it did not have.");
        }
        boolean written = ((rest >>> 48) & DESC_F_WRITE) != 0;
        usedHead = id;
        usedLength = written ? rest & 0xffff_ffffL : 0;
        nextUsed += descriptors[id];
        if (nextUsed >= size()) {
            nextUsed -= size();
            usedWrap = !usedWrap;
        }
        free += descriptors[id];
        descriptors[id] = 0;
        freeIds[(firstFreeId + freeIdCount++) % freeIds.length] = id;
        collected++;
        if (eventIdx() && interruptsWanted) {
            askForInterrupt();
        }
        return true;
    }

    private static boolean isUsed(long rest, boolean wrap) {
        int flags = (int) (rest >>> 48) & (DESC_F_AVAIL | DESC_F_USED);
        return flags == (wrap ? DESC_F_AVAIL | DESC_F_USED : 0);
    }

    private static int id(long rest) {
        return (int) (rest >>> 32) & MASK_16;
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
    public int used() {
        int more = 0;
        int at = nextUsed;
        boolean wrap = usedWrap;
        for (int left = size() - free; left > 0; more++) {
            long rest = memory().getLongAcquire(descriptorArea() + (long) DESC_SIZE * at + REST);
            if (!isUsed(rest, wrap)) {
                break;
            }
            int length = descriptors[id(rest)];
            left -= length;
            at += length;
            if (at >= size()) {
                at -= size();
                wrap = !wrap;
            }
        }
        return (collected + more) & MASK_16;
    }

    @Override
    public void wantInterrupts(boolean wanted) {
        interruptsWanted = wanted;
        if (!wanted) {
            putDriverEvent(EVENT_DISABLE << Short.SIZE);
        } else if (eventIdx()) {
            askForInterrupt();
        } else {
            putDriverEvent(0);
        }
    }

    private void askForInterrupt() {
        putDriverEvent(nextUsed | (usedWrap ? WRAP : 0) | (EVENT_DESC << Short.SIZE));
    }

    /** Writes one descriptor of the ring, whatever it says. */
    public void putDescriptor(int i, long address, long length, int id, int flags) {
        putDescriptor(descriptorArea(), i, address, length, id, flags);
    }

    /** Writes one descriptor of the ring or table at {@code table}, whatever it says. */
    public void putDescriptor(long table, int i, long address, long length, int id, int flags) {
        long at = table + (long) DESC_SIZE * i;
        memory().putLong(at, address);
        memory().putInt(at + REST, (int) length);
        memory().putShort(at + REST + 4, id);
        memory().putShort(at + FLAGS, flags);
    }

    /** Writes the driver event suppression structure, whatever it says: offset and wrap counter below, flags above. */
    public void putDriverEvent(int value) {
        memory().putInt(driverArea(), value);
    }

    /** The device event suppression structure as the device shows it: offset and wrap counter below, flags above. */
    public int deviceEvent() {
        return memory().getInt(deviceArea());
    }
}
