package vmm.virtio.driver;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import vmm.memory.GuestMemory;
import vmm.virtio.Activation;
import vmm.virtio.DeviceEvents;
import vmm.virtio.Features;
import vmm.virtio.QueueSetup;
import vmm.virtio.VirtioDevice;

/**
 * A guest's driver and its transport in one, over plain memory: negotiates features, lays out queues, activates the
 * device and resets it (virtio 1.3 3.1). What goes through the queues is up to the caller.
 *
 * <p>One thread at a time, but for what the device reports.
 */
public final class MockDriver implements DeviceEvents, AutoCloseable {
    private final GuestMemory memory;
    private final VirtioDevice device;
    private final @Nullable MockQueue[] queues;
    private final AtomicInteger configChanges = new AtomicInteger();
    private final AtomicReference<@Nullable String> broken = new AtomicReference<>();
    private long nextFree;
    private long features = Features.VERSION_1;
    private boolean active;

    /**
     * A driver that has done nothing yet.
     *
     * @param memory the guest's; taken from address 4096 upwards by {@link #allocate}
     */
    public MockDriver(GuestMemory memory, VirtioDevice device) {
        this.memory = memory;
        this.device = device;
        this.queues = new @Nullable MockQueue[device.queueSizes().length];
        this.nextFree = 4096;
    }

    /** The guest's memory. */
    public GuestMemory memory() {
        return memory;
    }

    /**
     * A piece of guest memory that nobody else uses.
     *
     * @param alignment of its address, a power of two
     */
    public long allocate(long length, int alignment) {
        long address = (nextFree + alignment - 1) & -alignment;
        if (!memory.contains(address, length)) {
            throw new IllegalStateException("The guest has no room left for " + length + " bytes.");
        }
        nextFree = address + length;
        return address;
    }

    /** Accepts those of the {@code wanted} features that the device offers; before any queue is added. */
    public long negotiate(long wanted) {
        features = (device.features() & wanted) | Features.VERSION_1;
        return features;
    }

    /** The features that both sides agreed on. */
    public long features() {
        return features;
    }

    /** Lays out a queue as the features say. The size of a split one is a power of two. */
    public MockQueue addQueue(int index, int size) {
        return (features & Features.RING_PACKED) != 0 ? addPackedQueue(index, size) : addSplitQueue(index, size);
    }

    /** Lays out a split queue, whatever was negotiated. */
    public MockSplitQueue addSplitQueue(int index, int size) {
        MockSplitQueue queue = new MockSplitQueue(this, index, size, features);
        queues[index] = queue;
        return queue;
    }

    /** Lays out a packed queue, whatever was negotiated. */
    public MockPackedQueue addPackedQueue(int index, int size) {
        MockPackedQueue queue = new MockPackedQueue(this, index, size, features);
        queues[index] = queue;
        return queue;
    }

    /** Lets the device run with the queues that were added. */
    public void activate() {
        List<@Nullable QueueSetup> setups = new ArrayList<>();
        for (MockQueue queue : queues) {
            setups.add(queue == null ? null : queue.setup());
        }
        activate(setups);
    }

    /** Lets the device run with queues as {@code setups} has them, whatever that says. */
    public void activate(List<@Nullable QueueSetup> setups) {
        active = true;
        device.activate(new Activation(memory, features, setups, this));
    }

    /** Resets the device and forgets all queues. Their memory stays taken. */
    public void reset() {
        if (active) {
            active = false;
            device.reset();
        }
        for (MockQueue queue : queues) {
            if (queue != null) {
                queue.close();
            }
        }
        Arrays.fill(queues, null);
        broken.set(null);
    }

    /** Why the device needs a reset; null if it does not. Any thread may call. */
    public @Nullable String broken() {
        return broken.get();
    }

    /** How often the device said that its configuration has changed. Any thread may call. */
    public int configChanges() {
        return configChanges.get();
    }

    @Override
    public void configChanged() {
        configChanges.incrementAndGet();
    }

    @Override
    public void needsReset(String reason) {
        broken.set(reason);
    }

    /** Resets the device and gives the doorbells back. */
    @Override
    public void close() {
        reset();
    }
}
