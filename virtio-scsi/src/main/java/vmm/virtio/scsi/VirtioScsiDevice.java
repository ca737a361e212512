package vmm.virtio.scsi;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vmm.event.EventLoop;
import vmm.scsi.ScsiBus;
import vmm.virtio.Activation;
import vmm.virtio.Features;
import vmm.virtio.QueueGroup;
import vmm.virtio.QueueSetup;
import vmm.virtio.VirtioDevice;

/**
 * A virtio SCSI host (virtio 1.3 5.6): carries requests between a driver and the targets of a {@link ScsiBus}. All its
 * queues belong to one event loop.
 *
 * <p>It reports no events: no logical unit comes, goes or changes while it runs. What is on the bus may be attached
 * before or after the device is made; closing the disks, after the last {@link #reset}, is up to their owner.
 */
public final class VirtioScsiDevice implements VirtioDevice {
    /** The device type (virtio 1.3 5.6.1). */
    public static final int TYPE = 8;

    private static final int CONTROL_QUEUE = 0;
    private static final int EVENT_QUEUE = 1;
    private static final int FIRST_REQUEST_QUEUE = 2;

    /** A request on the control queue has two parts, and no driver needs more than a few buffers for them. */
    private static final int LONGEST_CONTROL_CHAIN = 64;

    private final EventLoop loop;
    private final HbaConfig config;
    private final HbaConfigSpace space;
    private final RequestPath path;
    private @Nullable QueueGroup group;

    /**
     * A device that no driver has found yet.
     *
     * @param loop does all of the device's work
     * @param bus what the driver finds behind it
     */
    public VirtioScsiDevice(EventLoop loop, ScsiBus bus, HbaConfig config) {
        this.loop = loop;
        this.config = config;
        this.space = new HbaConfigSpace(config);
        this.path = new RequestPath(loop, bus, config, space);
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public long features() {
        return Features.RING_INDIRECT_DESC | Features.RING_EVENT_IDX;
    }

    @Override
    public int[] queueSizes() {
        int[] sizes = new int[FIRST_REQUEST_QUEUE + config.queues()];
        Arrays.fill(sizes, config.queueSize());
        return sizes;
    }

    @Override
    public int configSize() {
        return HbaConfigSpace.SIZE;
    }

    @Override
    public long readConfig(int offset, int size) {
        return space.read(offset, size);
    }

    @Override
    public void writeConfig(int offset, int size, long value) {
        space.write(offset, size, value);
    }

    @Override
    public void activate(Activation activation) {
        QueueGroup active = new QueueGroup(loop, config.id(), activation);
        List<@Nullable QueueSetup> setups = activation.queues();
        for (QueueSetup setup : setups.subList(FIRST_REQUEST_QUEUE, setups.size())) {
            if (setup != null) {
                active.serve(setup, config.queueSize(), path);
            }
        }
        // virtio 1.3 5.6.6.2: the driver sees what a function aborted before it sees the function's end. A group shows
        // what was used queue by queue in this order, so the control queue comes after all request queues.
        QueueSetup control = setups.get(CONTROL_QUEUE);
        if (control != null) {
            active.serve(control, LONGEST_CONTROL_CHAIN, path.manager());
        }
        QueueSetup event = setups.get(EVENT_QUEUE);
        if (event != null) {
            active.open(event, config.queueSize());
        }
        group = active;
        active.start();
    }

    @Override
    public void reset() {
        QueueGroup active = group;
        if (active != null) {
            group = null;
            active.stop();
            path.reset();
        }
        space.reset();
    }
}
