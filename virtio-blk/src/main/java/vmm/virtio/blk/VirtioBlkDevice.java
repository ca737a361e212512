package vmm.virtio.blk;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.block.BlockDevice;
import vmm.event.EventLoop;
import vmm.virtio.Activation;
import vmm.virtio.DeviceEvents;
import vmm.virtio.DeviceQueues;
import vmm.virtio.Features;
import vmm.virtio.QueueLoops;
import vmm.virtio.QueueSetup;
import vmm.virtio.VirtioDevice;

/**
 * A virtio block device (virtio 1.3 5.2) in front of one disk. Each of its queues belongs to one event loop.
 *
 * <p>The disk's bytes move straight between the disk and guest memory. Closing the disk, after the last {@link #reset},
 * is up to its owner.
 */
public final class VirtioBlkDevice implements VirtioDevice {
    private static final Logger LOG = LoggerFactory.getLogger(VirtioBlkDevice.class);

    /** The device type (virtio 1.3 5.2.1). */
    public static final int TYPE = 2;

    private final QueueLoops loops;
    private final BlkConfig config;
    private final BlkConfigSpace space;
    private final BlkQueue[] queues;
    private final BlockDevice disk;
    private @Nullable DeviceQueues active;

    /** While the device is active: what was agreed on. */
    private long features;

    /** While the device is active: its way to the driver. */
    private volatile @Nullable DeviceEvents events;

    /** A device all of whose queues belong to one loop. See the other constructor. */
    public VirtioBlkDevice(EventLoop loop, BlockDevice disk, BlkConfig config) {
        this(QueueLoops.single(loop), disk, config);
    }

    /**
     * A device that no driver has found yet.
     *
     * @param loops which loop serves which queue
     * @throws IllegalArgumentException if the loops were chosen for another number of queues
     */
    public VirtioBlkDevice(QueueLoops loops, BlockDevice disk, BlkConfig config) {
        loops.check(config.queues());
        this.loops = loops;
        this.config = config;
        this.disk = disk;
        this.space = new BlkConfigSpace(config, disk);
        this.queues = new BlkQueue[config.queues()];
        for (int i = 0; i < queues.length; i++) {
            queues[i] = new BlkQueue(disk, disk.openQueue(loops.of(i)), config, space);
        }
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public long features() {
        return config.rings().bits() | BlkFeatures.offered(config, disk);
    }

    @Override
    public int[] queueSizes() {
        int[] sizes = new int[queues.length];
        Arrays.fill(sizes, config.queueSize());
        return sizes;
    }

    @Override
    public int configSize() {
        return BlkConfigSpace.SIZE;
    }

    @Override
    public long readConfig(int offset, int size) {
        return space.read(offset, size);
    }

    @Override
    public void writeConfig(int offset, int size, long value) {
        if (active == null || has(BlkFeatures.CONFIG_WCE)) {
            space.write(offset, size, value);
        }
    }

    @Override
    public void activate(Activation activation) {
        features = activation.features();
        events = activation.events();
        initializeCache();
        DeviceQueues started = new DeviceQueues(loops, config.id(), activation);
        for (int i = 0; i < queues.length; i++) {
            queues[i].activate(activation.memory(), features);
            drain(i, false);
        }
        for (QueueSetup setup : activation.queues()) {
            if (setup != null) {
                started.serve(setup, config.queueSize(), queues[setup.index()]);
            }
        }
        active = started;
        started.start();
    }

    /** Sets the cache's mode as a driver may expect it that did not choose (virtio 1.3 5.2.5.2 and 5.2.6.2). */
    private void initializeCache() {
        if (!has(BlkFeatures.CONFIG_WCE)) {
            space.setWriteback(config.writeCache() && has(BlkFeatures.FLUSH));
        } else if (!has(BlkFeatures.FLUSH) && has(Features.VERSION_1)) {
            space.setWriteback(false);
        }
    }

    private boolean has(long feature) {
        return (features & feature) != 0;
    }

    @Override
    public void resetQueue(int index) {
        DeviceQueues running = active;
        if (running != null) {
            drain(index, true);
            running.stop(index);
        }
    }

    @Override
    public void enableQueue(QueueSetup setup) {
        DeviceQueues running = active;
        if (running != null) {
            drain(setup.index(), false);
            running.serve(setup, config.queueSize(), queues[setup.index()]);
            running.start();
        }
    }

    @Override
    public void reset() {
        DeviceQueues running = active;
        if (running != null) {
            active = null;
            events = null;
            for (int i = 0; i < queues.length; i++) {
                drain(i, true);
            }
            running.stop();
            space.setWriteback(config.writeCache());
        }
    }

    /** Begins or ends the drain of a queue's way to the disk, before what is asked of its loop after this. */
    private void drain(int index, boolean on) {
        EventLoop loop = loops.of(index);
        if (loop.inLoop()) {
            queues[index].drain(on);
            return;
        }
        try {
            loop.post(() -> queues[index].drain(on));
        } catch (IllegalStateException ended) {
            LOG.debug("The event loop of {} has ended before it.", config.id(), ended);
        }
    }

    /**
     * The disk has another size: from now on requests are measured by that, and the driver is told (virtio 1.3
     * 5.2.6.2). Any thread may call.
     */
    public void capacityChanged() {
        space.setCapacity(disk.size());
        DeviceEvents driver = events;
        if (driver != null) {
            driver.configChanged();
        }
    }

    /** What each queue has done, by queue index. Any thread may call; it sees a busy queue's figures a little late. */
    public List<BlkCounters> counters() {
        List<BlkCounters> counters = new ArrayList<>(queues.length);
        for (BlkQueue queue : queues) {
            counters.add(queue.counters());
        }
        return counters;
    }
}
