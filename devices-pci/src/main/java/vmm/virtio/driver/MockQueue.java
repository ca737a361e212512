package vmm.virtio.driver;

import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import vmm.linux.EventFd;
import vmm.memory.GuestMemory;
import vmm.virtio.Features;
import vmm.virtio.QueueSetup;

/**
 * The driver's side of one split virtqueue (virtio 1.3 2.7), well-behaved by the methods in its first half and as badly
 * as one likes by those in its second.
 *
 * <p>{@link #readable} and {@link #writable} gather buffers, {@link #offer} or {@link #offerIndirect} make them a
 * request, {@link #kick} shows all new requests to the device, {@link #collect} takes back what it used. One thread at
 * a time; allocates nothing.
 */
public final class MockQueue implements AutoCloseable {
    /** Flag of a descriptor: {@code next} is valid. */
    public static final int DESC_F_NEXT = 1;

    /** Flag of a descriptor: the device writes the buffer. */
    public static final int DESC_F_WRITE = 2;

    /** Flag of a descriptor: it refers to a table of descriptors. */
    public static final int DESC_F_INDIRECT = 4;

    private static final int DESC_SIZE = 16;
    private static final int MASK_16 = 0xffff;
    private static final int NONE = -1;

    private final GuestMemory memory;
    private final int index;
    private final int size;
    private final boolean eventIdx;
    private final long descriptorArea;
    private final long driverArea;
    private final long deviceArea;
    private final EventFd doorbell = EventFd.create();
    private final AtomicInteger interrupts = new AtomicInteger();

    /** The descriptor after each one in the list of free ones, or in the chain that it belongs to. */
    private final int[] links;

    private final boolean[] isHead;
    private int firstFree;
    private int free;

    private final long[] addresses;
    private final long[] lengths;
    private int gathered;
    private int gatheredReadable;

    private int nextAvail;
    private int shownAvail;
    private int nextUsed;
    private boolean interruptsWanted = true;
    private int usedHead;
    private long usedLength;
    private int kicks;

    MockQueue(MockDriver driver, int index, int size, long features) {
        this.memory = driver.memory();
        this.index = index;
        this.size = size;
        this.eventIdx = (features & Features.RING_EVENT_IDX) != 0;
        this.descriptorArea = zeroed(driver, (long) DESC_SIZE * size, 16);
        this.driverArea = zeroed(driver, 6 + 2L * size, 2);
        this.deviceArea = zeroed(driver, 6 + 8L * size, 4);
        this.links = new int[size];
        this.isHead = new boolean[size];
        this.addresses = new long[size];
        this.lengths = new long[size];
        this.free = size;
        for (int i = 0; i < size; i++) {
            links[i] = i + 1 < size ? i + 1 : NONE;
        }
    }

    private static long zeroed(MockDriver driver, long length, int alignment) {
        long address = driver.allocate(length, alignment);
        driver.memory().slice(address, length).fill((byte) 0);
        return address;
    }

    /** The queue as a transport hands it to the device. */
    public QueueSetup setup() {
        return new QueueSetup(
                index, size, descriptorArea, driverArea, deviceArea, doorbell, interrupts::incrementAndGet);
    }

    /** The number of descriptors. */
    public int size() {
        return size;
    }

    /** How many descriptors belong to no request. */
    public int free() {
        return free;
    }

    /** How many interrupts have come. Any thread may call. */
    public int interrupts() {
        return interrupts.get();
    }

    /** How often {@link #kick} rang the doorbell because the device wanted it. */
    public int kicks() {
        return kicks;
    }

    /** Adds a buffer for the device to read to the next request. */
    public MockQueue readable(long address, long length) {
        if (gatheredReadable != gathered) {
            throw new IllegalStateException("Readable buffers come first.");
        }
        gatheredReadable++;
        return gather(address, length);
    }

    /** Adds a buffer for the device to write to the next request. */
    public MockQueue writable(long address, long length) {
        return gather(address, length);
    }

    private MockQueue gather(long address, long length) {
        addresses[gathered] = address;
        lengths[gathered] = length;
        gathered++;
        return this;
    }

    /** How many buffers were added to the next request. */
    public int gathered() {
        return gathered;
    }

    /** Drops the buffers that were added to the next request. */
    public void forget() {
        gathered = 0;
        gatheredReadable = 0;
    }

    /**
     * Makes the gathered buffers a request with one descriptor each.
     *
     * @return the index of its first descriptor
     * @throws IllegalStateException if too few descriptors are free
     */
    public int offer() {
        if (gathered == 0 || gathered > free) {
            throw new IllegalStateException(gathered + " descriptors wanted, " + free + " free.");
        }
        int head = firstFree;
        int at = head;
        for (int i = 0; i < gathered; i++) {
            boolean last = i == gathered - 1;
            int flags = flags(i, last);
            putDescriptor(at, addresses[i], lengths[i], flags, last ? 0 : links[at]);
            if (last) {
                firstFree = links[at];
                links[at] = NONE;
            } else {
                at = links[at];
            }
        }
        free -= gathered;
        return enter(head);
    }

    /**
     * Makes the gathered buffers a request with one descriptor that refers to a table.
     *
     * @param table where the table goes: 16 bytes for each buffer
     * @return the index of the descriptor
     * @throws IllegalStateException if no descriptor is free
     */
    public int offerIndirect(long table) {
        if (gathered == 0 || free == 0) {
            throw new IllegalStateException("No descriptor is free.");
        }
        for (int i = 0; i < gathered; i++) {
            boolean last = i == gathered - 1;
            putDescriptor(table, i, addresses[i], lengths[i], flags(i, last), last ? 0 : i + 1);
        }
        int head = firstFree;
        firstFree = links[head];
        links[head] = NONE;
        free--;
        putDescriptor(head, table, (long) DESC_SIZE * gathered, DESC_F_INDIRECT, 0);
        return enter(head);
    }

    private int flags(int buffer, boolean last) {
        return (last ? 0 : DESC_F_NEXT) | (buffer >= gatheredReadable ? DESC_F_WRITE : 0);
    }

    private int enter(int head) {
        forget();
        isHead[head] = true;
        putAvailable(nextAvail, head);
        nextAvail = (nextAvail + 1) & MASK_16;
        return head;
    }

    /**
     * Shows all new requests to the device and rings the doorbell if the device wants that (virtio 1.3 2.7.13).
     *
     * @return true if the doorbell rang
     */
    public boolean kick() {
        int fresh = (nextAvail - shownAvail) & MASK_16;
        putAvailIdx(nextAvail);
        shownAvail = nextAvail;
        VarHandle.fullFence();
        boolean wanted;
        if (eventIdx) {
            int availEvent = memory.getShort(deviceArea + 4 + 8L * size);
            wanted = ((nextAvail - availEvent - 1) & MASK_16) < fresh;
        } else {
            wanted = (memory.getShort(deviceArea) & 1) == 0;
        }
        if (wanted) {
            kicks++;
            ring();
        }
        return wanted;
    }

    /**
     * Takes back the next request that the device used (virtio 1.3 2.7.14).
     *
     * @return false if there is none
     * @throws IllegalStateException if the device gave back what it never had
     */
    public boolean collect() {
        if (memory.getShortAcquire(deviceArea + 2) == nextUsed) {
            return false;
        }
        long at = deviceArea + 4 + 8L * (nextUsed & (size - 1));
        usedHead = memory.getInt(at);
        usedLength = memory.getInt(at + 4) & 0xffff_ffffL;
        nextUsed = (nextUsed + 1) & MASK_16;
        if (eventIdx && interruptsWanted) {
            putUsedEvent(nextUsed);
        }
        if (usedHead < 0 || usedHead >= size || !isHead[usedHead]) {
            throw new IllegalStateException("The device used request " + usedHead + ", which it did not have.");
        }
        isHead[usedHead] = false;
        int last = usedHead;
        int count = 1;
        for (; links[last] != NONE; last = links[last]) {
            count++;
        }
        links[last] = firstFree;
        firstFree = usedHead;
        free += count;
        return true;
    }

    /** The request that the last successful {@link #collect} took back, by its first descriptor. */
    public int usedHead() {
        return usedHead;
    }

    /** How many bytes the device says it wrote there. */
    public long usedLength() {
        return usedLength;
    }

    /** Asks for an interrupt after the next used request, or for none (virtio 1.3 2.7.7). */
    public void wantInterrupts(boolean wanted) {
        interruptsWanted = wanted;
        if (eventIdx) {
            putUsedEvent(wanted ? nextUsed : nextUsed - 1);
        } else {
            memory.putShort(driverArea, wanted ? 0 : 1);
        }
    }

    /** Rings the doorbell, wanted or not. */
    public void ring() {
        doorbell.signal();
    }

    /** Writes one descriptor of the queue's table, whatever it says. */
    public void putDescriptor(int i, long address, long length, int flags, int next) {
        putDescriptor(descriptorArea, i, address, length, flags, next);
    }

    /** Writes one descriptor of the table at {@code table}, whatever it says. */
    public void putDescriptor(long table, int i, long address, long length, int flags, int next) {
        long at = table + (long) DESC_SIZE * i;
        memory.putLong(at, address);
        memory.putInt(at + 8, (int) length);
        memory.putShort(at + 12, flags);
        memory.putShort(at + 14, next);
    }

    /** Writes the entry of the available ring where index {@code idx} belongs, whatever it says. */
    public void putAvailable(int idx, int head) {
        memory.putShort(driverArea + 4 + 2L * (idx & (size - 1)), head);
    }

    /** Shows the device an available index, whatever it says. */
    public void putAvailIdx(int idx) {
        memory.putShortRelease(driverArea + 2, idx);
    }

    /** Writes used_event, whatever it says. */
    public void putUsedEvent(int idx) {
        memory.putShort(driverArea + 4 + 2L * size, idx);
    }

    /** The available index that {@link #kick} would show. */
    public int availIdx() {
        return nextAvail;
    }

    /** The device's flags in the used ring. */
    public int usedFlags() {
        return memory.getShort(deviceArea);
    }

    /** The used index that the device shows. */
    public int usedIdx() {
        return memory.getShortAcquire(deviceArea + 2);
    }

    /** The avail_event that the device shows. */
    public int availEvent() {
        return memory.getShort(deviceArea + 4 + 8L * size);
    }

    /** Guest physical address of the descriptor table. */
    public long descriptorArea() {
        return descriptorArea;
    }

    /** Guest physical address of the available ring. */
    public long driverArea() {
        return driverArea;
    }

    /** Guest physical address of the used ring. */
    public long deviceArea() {
        return deviceArea;
    }

    /** Gives the doorbell back, after the device was reset. */
    @Override
    public void close() {
        doorbell.close();
    }
}
