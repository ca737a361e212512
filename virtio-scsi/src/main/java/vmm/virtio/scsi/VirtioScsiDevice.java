package vmm.virtio.scsi;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.event.EventLoop;
import vmm.scsi.LogicalUnit;
import vmm.scsi.ScsiBus;
import vmm.virtio.Activation;
import vmm.virtio.DeviceQueues;
import vmm.virtio.QueueLoops;
import vmm.virtio.QueueSetup;
import vmm.virtio.VirtioDevice;

/**
 * A virtio SCSI host (virtio 1.3 5.6): carries requests between a driver and the targets of a {@link ScsiBus}. All its
 * queues belong to one event loop.
 *
 * <p>Logical units may come and go at any time; {@link #report} lets the driver know. Closing the disks, after the last
 * {@link #reset}, is up to their owner.
 */
public final class VirtioScsiDevice implements VirtioDevice {
    /** The device type (virtio 1.3 5.6.1). */
    public static final int TYPE = 8;

    private static final int CONTROL_QUEUE = 0;
    private static final int EVENT_QUEUE = 1;
    private static final int FIRST_REQUEST_QUEUE = 2;

    /** A request on the control queue has two parts, and no driver needs more than a few buffers for them. */
    private static final int LONGEST_CONTROL_CHAIN = 64;

    private static final Logger LOG = LoggerFactory.getLogger(VirtioScsiDevice.class);

    private final EventLoop loop;
    private final ScsiBus bus;
    private final HbaConfig config;
    private final HbaConfigSpace space;
    private final RequestPath path;
    private final long features;
    private @Nullable DeviceQueues active;

    /** While the device is active: its way to tell the driver what happens on the bus. */
    private volatile @Nullable EventReporter events;

    /**
     * A device that no driver has found yet.
     *
     * @param loop does all of the device's work
     * @param bus what the driver finds behind it
     */
    public VirtioScsiDevice(EventLoop loop, ScsiBus bus, HbaConfig config) {
        this.loop = loop;
        this.bus = bus;
        this.config = config;
        this.space = new HbaConfigSpace(config, bus);
        this.path = new RequestPath(loop, bus, config, space, this::report);
        // What a driver may have agreed to must not change with the logical units that come and go.
        long protection = bus.hasProtection() ? HbaFeatures.T10_PI : 0;
        this.features = config.rings().bits() | HbaFeatures.ALWAYS | protection;
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public long features() {
        return features;
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
        path.activate(activation.memory(), activation.features());
        EventReporter reporter = new EventReporter(bus, activation.features());
        DeviceQueues started = new DeviceQueues(QueueLoops.single(loop), config.id(), activation);
        List<@Nullable QueueSetup> setups = activation.queues();
        for (QueueSetup setup : setups.subList(FIRST_REQUEST_QUEUE, setups.size())) {
            serve(started, setup, reporter);
        }
        // virtio 1.3 5.6.6.2: the driver sees what a function aborted before it sees the function's end. What was used
        // is shown queue by queue in this order, so the control queue comes after all request queues.
        serve(started, setups.get(CONTROL_QUEUE), reporter);
        serve(started, setups.get(EVENT_QUEUE), reporter);
        events = reporter;
        active = started;
        started.start();
    }

    private void serve(DeviceQueues served, @Nullable QueueSetup setup, EventReporter reporter) {
        if (setup == null) {
            return;
        }
        switch (setup.index()) {
            case CONTROL_QUEUE -> served.serve(setup, LONGEST_CONTROL_CHAIN, new ControlQueue(path, reporter));
            case EVENT_QUEUE -> reporter.open(served, setup, config.queueSize());
            default -> served.serve(setup, config.queueSize(), path);
        }
    }

    @Override
    public void resetQueue(int index) {
        DeviceQueues running = active;
        if (running != null) {
            if (index >= FIRST_REQUEST_QUEUE) {
                onLoop(() -> path.stop(index));
            }
            running.stop(index);
        }
    }

    @Override
    public void enableQueue(QueueSetup setup) {
        DeviceQueues running = active;
        EventReporter reporter = events;
        if (running != null && reporter != null) {
            serve(running, setup, reporter);
            running.start();
        }
    }

    @Override
    public void reset() {
        DeviceQueues running = active;
        if (running != null) {
            active = null;
            events = null;
            onLoop(path::stop);
            running.stop();
            path.reset();
        }
        space.reset();
    }

    /**
     * Puts a logical unit behind a target, and tells the driver to look for it (virtio 1.3 5.6.6.3.2). Any thread may
     * call; does not wait.
     *
     * @throws IllegalArgumentException if a number is out of range or taken
     */
    public void attach(int target, int lun, LogicalUnit unit) {
        bus.attach(target, lun, unit);
        report(new HbaEvent.TransportReset(target, lun, HbaEvent.Reason.RESCAN));
    }

    /**
     * Takes a logical unit away, and tells the driver: new requests find nothing there. What becomes of those in flight
     * is up to {@link LogicalUnit#retire}. Any thread may call; does not wait.
     *
     * @param unreachable called when no request can come to the unit by this device any more, by the loop's thread or
     *     this one
     */
    public void detach(int target, int lun, Runnable unreachable) {
        bus.detach(target, lun);
        report(new HbaEvent.TransportReset(target, lun, HbaEvent.Reason.REMOVED));
        Runnable last = () -> {
            path.forgetIfGone(target);
            unreachable.run();
        };
        if (!onLoop(last)) {
            unreachable.run();
        }
    }

    /**
     * The device is no more, after its last {@link #reset}: logical units that others reach forget it. Any thread may
     * call; does not wait.
     */
    public void disconnect() {
        onLoop(path::disconnect);
    }

    /**
     * Tells the driver what happened, if it has accepted the feature or subscribed. Where it has no buffer for that it
     * is told later that it missed something (virtio 1.3 5.6.6.3). Any thread may call; does not wait.
     */
    public void report(HbaEvent event) {
        onLoop(() -> tell(event));
    }

    /** Runs {@code action} on the loop's thread, unless the loop has ended, which serves nobody: then false. */
    private boolean onLoop(Runnable action) {
        if (loop.inLoop()) {
            action.run();
            return true;
        }
        try {
            loop.post(action);
            return true;
        } catch (IllegalStateException ended) {
            LOG.debug("The event loop of {} has ended before it.", config.id(), ended);
            return false;
        }
    }

    private void tell(HbaEvent event) {
        EventReporter reporter = events;
        if (reporter != null) {
            reporter.report(event);
        }
    }
}
