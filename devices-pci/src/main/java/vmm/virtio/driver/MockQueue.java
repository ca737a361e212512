package vmm.virtio.driver;

import java.util.concurrent.atomic.AtomicInteger;
import vmm.linux.EventFd;
import vmm.memory.GuestMemory;
import vmm.virtio.Features;
import vmm.virtio.QueueSetup;

/**
 * The driver's side of one virtqueue of either layout, well-behaved by the methods of this class and as badly as one
 * likes by those of its subclasses.
 *
 * <p>{@link #readable} and {@link #writable} gather buffers, {@link #offer} or {@link #offerIndirect} make them a
 * request, {@link #kick} shows all new requests to the device, {@link #collect} takes back what it used. One thread at
 * a time; allocates nothing.
 */
public abstract sealed class MockQueue implements AutoCloseable permits MockSplitQueue, MockPackedQueue {
    /** Flag of a descriptor: the next one belongs to the same request. */
    public static final int DESC_F_NEXT = 1;

    /** Flag of a descriptor: the device writes the buffer. */
    public static final int DESC_F_WRITE = 2;

    /** Flag of a descriptor: it refers to a table of descriptors. */
    public static final int DESC_F_INDIRECT = 4;

    static final int DESC_SIZE = 16;

    private final GuestMemory memory;
    private final int index;
    private final int size;
    private final boolean eventIdx;
    private final long descriptorArea;
    private final long driverArea;
    private final long deviceArea;
    private final EventFd doorbell = EventFd.create();
    private final AtomicInteger interrupts = new AtomicInteger();

    private final long[] addresses;
    private final long[] lengths;
    private int gathered;
    private int gatheredReadable;
    private int kicks;

    MockQueue(MockDriver driver, int index, int size, long features, long[] areaSizes, int eventAlignment) {
        this.memory = driver.memory();
        this.index = index;
        this.size = size;
        this.eventIdx = (features & Features.RING_EVENT_IDX) != 0;
        this.descriptorArea = zeroed(driver, areaSizes[0], DESC_SIZE);
        this.driverArea = zeroed(driver, areaSizes[1], eventAlignment);
        this.deviceArea = zeroed(driver, areaSizes[2], 4);
        this.addresses = new long[size];
        this.lengths = new long[size];
    }

    private static long zeroed(MockDriver driver, long length, int alignment) {
        long address = driver.allocate(length, alignment);
        driver.memory().slice(address, length).fill((byte) 0);
        return address;
    }

    /** The queue as a transport hands it to the device. */
    public final QueueSetup setup() {
        return new QueueSetup(
                index, size, descriptorArea, driverArea, deviceArea, doorbell, interrupts::incrementAndGet);
    }

    /** The number of descriptors. */
    public final int size() {
        return size;
    }

    /** How many interrupts have come. Any thread may call. */
    public final int interrupts() {
        return interrupts.get();
    }

    /** How often {@link #kick} rang the doorbell because the device wanted it. */
    public final int kicks() {
        return kicks;
    }

    /** Adds a buffer for the device to read to the next request. */
    public final MockQueue readable(long address, long length) {
        if (gatheredReadable != gathered) {
            throw new IllegalStateException("Readable buffers come first.");
        }
        gatheredReadable++;
        return gather(address, length);
    }

    /** Adds a buffer for the device to write to the next request. */
    public final MockQueue writable(long address, long length) {
        return gather(address, length);
    }

    private MockQueue gather(long address, long length) {
        addresses[gathered] = address;
        lengths[gathered] = length;
        gathered++;
        return this;
    }

    /** How many buffers were added to the next request. */
    public final int gathered() {
        return gathered;
    }

    /** Drops the buffers that were added to the next request. */
    public final void forget() {
        gathered = 0;
        gatheredReadable = 0;
    }

    final GuestMemory memory() {
        return memory;
    }

    final boolean eventIdx() {
        return eventIdx;
    }

    final long gatheredAddress(int buffer) {
        return addresses[buffer];
    }

    final long gatheredLength(int buffer) {
        return lengths[buffer];
    }

    final int gatheredFlags(int buffer) {
        return buffer >= gatheredReadable ? DESC_F_WRITE : 0;
    }

    /** Rings the doorbell if the device wants that. */
    final boolean ringIf(boolean wanted) {
        if (wanted) {
            kicks++;
            ring();
        }
        return wanted;
    }

    /** How many descriptors belong to no request. */
    public abstract int free();

    /**
     * Makes the gathered buffers a request with one descriptor each.
     *
     * @return by what {@link #usedHead} will know it
     * @throws IllegalStateException if too few descriptors are free
     */
    public abstract int offer();

    /**
     * Makes the gathered buffers a request with one descriptor that refers to a table.
     *
     * @param table where the table goes: 16 bytes for each buffer
     * @return by what {@link #usedHead} will know it
     * @throws IllegalStateException if no descriptor is free
     */
    public abstract int offerIndirect(long table);

    /**
     * Shows all new requests to the device and rings the doorbell if the device wants that (virtio 1.3 2.7.13, 2.8.21).
     *
     * @return true if the doorbell rang
     */
    public abstract boolean kick();

    /**
     * Takes back the next request that the device used (virtio 1.3 2.7.14, 2.8.22).
     *
     * @return false if there is none
     * @throws IllegalStateException if the device gave back what it never had
     */
    public abstract boolean collect();

    /** The request that the last successful {@link #collect} took back, as {@link #offer} returned it. */
    public abstract int usedHead();

    /** How many bytes the device says it wrote there. */
    public abstract long usedLength();

    /** How many requests the device has used, collected or not, modulo 2^16. */
    public abstract int used();

    /** Asks for an interrupt after the next used request, or for none (virtio 1.3 2.7.7, 2.8.10). */
    public abstract void wantInterrupts(boolean wanted);

    /** Rings the doorbell, wanted or not. */
    public final void ring() {
        doorbell.signal();
    }

    /** Guest physical address of the descriptors. */
    public final long descriptorArea() {
        return descriptorArea;
    }

    /** Guest physical address of what the driver alone writes. */
    public final long driverArea() {
        return driverArea;
    }

    /** Guest physical address of what the device alone writes, but for the descriptors of a packed queue. */
    public final long deviceArea() {
        return deviceArea;
    }

    /** Gives the doorbell back, after the device was reset. */
    @Override
    public final void close() {
        doorbell.close();
    }
}
