package vmm.virtio.blk;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockDevice;
import vmm.event.EventLoop;
import vmm.virtio.Activation;
import vmm.virtio.DeviceQueues;
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
    /** The device type (virtio 1.3 5.2.1). */
    public static final int TYPE = 2;

    /** {@code seg_max} counts (virtio 1.3 5.2.3). */
    public static final long F_SEG_MAX = 1L << 2;

    /** Writes fail. */
    public static final long F_RO = 1L << 5;

    /** {@code blk_size} counts. */
    public static final long F_BLK_SIZE = 1L << 6;

    /** VIRTIO_BLK_T_FLUSH is known, and writes may stay in a volatile cache until then. */
    public static final long F_FLUSH = 1L << 9;

    /** The {@code topology} fields count. */
    public static final long F_TOPOLOGY = 1L << 10;

    /** {@code num_queues} counts. */
    public static final long F_MQ = 1L << 12;

    private final QueueLoops loops;
    private final BlkConfig config;
    private final BlkConfigSpace space;
    private final BlkQueue[] queues;
    private final boolean readOnly;
    private @Nullable DeviceQueues active;

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
        this.readOnly = disk.readOnly();
        // Sectors after the last whole logical block cannot be reached by a driver that goes by blk_size.
        long sectors = disk.size() / config.logicalBlock() * (config.logicalBlock() / BlkConfigSpace.SECTOR);
        this.space = new BlkConfigSpace(config, sectors);
        this.queues = new BlkQueue[config.queues()];
        for (int i = 0; i < queues.length; i++) {
            queues[i] = new BlkQueue(disk.openQueue(loops.of(i)), config, sectors, readOnly);
        }
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public long features() {
        return config.rings().bits()
                | F_SEG_MAX
                | F_BLK_SIZE
                | F_FLUSH
                | F_TOPOLOGY
                | (readOnly ? F_RO : 0)
                | (queues.length > 1 ? F_MQ : 0);
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
        // Only writeback could be written, and VIRTIO_BLK_F_CONFIG_WCE is not offered.
    }

    @Override
    public void activate(Activation activation) {
        DeviceQueues started = new DeviceQueues(loops, config.id(), activation);
        for (BlkQueue queue : queues) {
            // virtio 1.3 5.2.5.1: without FLUSH the driver may take it that a write that was answered is stable
            queue.activate(activation.memory(), !activation.has(F_FLUSH));
        }
        for (QueueSetup setup : activation.queues()) {
            if (setup != null) {
                started.serve(setup, config.queueSize(), queues[setup.index()]);
            }
        }
        active = started;
        started.start();
    }

    @Override
    public void resetQueue(int index) {
        DeviceQueues running = active;
        if (running != null) {
            running.stop(index);
        }
    }

    @Override
    public void enableQueue(QueueSetup setup) {
        DeviceQueues running = active;
        if (running != null) {
            running.serve(setup, config.queueSize(), queues[setup.index()]);
            running.start();
        }
    }

    @Override
    public void reset() {
        DeviceQueues running = active;
        if (running != null) {
            active = null;
            running.stop();
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
