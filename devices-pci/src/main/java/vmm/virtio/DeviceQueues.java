package vmm.virtio;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.event.EventLoop;
import vmm.memory.GuestFaultException;

/**
 * The queues of one activated device, each served by its event loop: from activation to reset, once.
 *
 * <p>A device makes one in {@link VirtioDevice#activate}, adds its queues and {@linkplain #start starts} it, and
 * {@linkplain #stop stops} it in {@link VirtioDevice#reset}. In between the loops' threads own the queues, each those
 * that were given to it.
 *
 * <p>A {@link GuestFaultException} from any queue breaks the device: no queue is looked at again, whichever loop it
 * belongs to, and the driver is told once that a reset is needed. An exception that escapes on a loop while requests
 * are in flight there does the same, since it may have been on its way to end one of them.
 *
 * <p>All methods but {@link #isBroken} are for the threads that call the {@link VirtioDevice}, one at a time.
 */
public final class DeviceQueues {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceQueues.class);

    /** How long a reset waits for requests of which some may have been lost by a defect. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final QueueLoops loops;
    private final String device;
    private final Activation activation;
    private final Duration patience;
    private final List<QueueGroup> groups;
    private final Map<Integer, QueueServer> servers = new HashMap<>();
    private final AtomicBoolean broken = new AtomicBoolean();
    private @Nullable GuestFaultException setUpFault;

    /**
     * No queues yet.
     *
     * @param device what people call the device, in events and log lines
     */
    public DeviceQueues(QueueLoops loops, String device, Activation activation) {
        this(loops, device, activation, PATIENCE);
    }

    DeviceQueues(QueueLoops loops, String device, Activation activation, Duration patience) {
        this.loops = loops;
        this.device = device;
        this.activation = activation;
        this.patience = patience;
        this.groups = loops.distinct().stream()
                .map(loop -> new QueueGroup(this, loop))
                .toList();
    }

    /**
     * Adds a queue whose requests go to {@code handler}. Before {@link #start}.
     *
     * @param setup one of the activation's
     * @param longestChain the most buffers in a request; one with more breaks the device
     * @return null if the driver put the queue where it cannot be; then {@link #start} reports it
     */
    public @Nullable QueueServer serve(QueueSetup setup, int longestChain, QueueHandler handler) {
        return add(setup, longestChain, handler, null);
    }

    /**
     * Adds a queue that the device polls when it has something to say. See {@link #serve}.
     *
     * @param onDoorbell what to do on the loop's thread when the driver rings, as it does after
     *     {@link QueueServer#listenForMore}; at other times it may or may not ring
     */
    public @Nullable QueueServer open(QueueSetup setup, int longestChain, Runnable onDoorbell) {
        return add(setup, longestChain, null, onDoorbell);
    }

    private @Nullable QueueServer add(
            QueueSetup setup, int longestChain, @Nullable QueueHandler handler, @Nullable Runnable onDoorbell) {
        QueueGroup group = group(loops.of(setup.index()));
        try {
            Virtqueue queue = Virtqueue.of(activation.memory(), setup, activation.features());
            DescriptorChain chain = new DescriptorChain(activation.memory(), longestChain);
            QueueServer server = new QueueServer(group, queue, chain, setup.doorbell(), handler, onDoorbell);
            group.add(server);
            servers.put(setup.index(), server);
            return server;
        } catch (GuestFaultException fault) {
            setUpFault = fault;
            return null;
        }
    }

    private QueueGroup group(EventLoop loop) {
        return groups.stream()
                .filter(group -> group.loop().equals(loop))
                .findFirst()
                .orElseThrow();
    }

    /**
     * Starts to look at the queues that were added since the last call, which may be while others are served: the
     * driver may enable a queue again that it had reset (virtio 1.3 2.6.1). Does not wait for the loops.
     */
    public void start() {
        if (setUpFault != null) {
            fault(setUpFault);
        } else {
            groups.forEach(QueueGroup::start);
        }
    }

    /**
     * Stops one queue as {@link #stop} does all of them, and forgets it; others go on (virtio 1.3 2.6.1).
     *
     * @param index which queue of the device; does nothing if that is not served
     */
    public void stop(int index) {
        QueueServer server = servers.remove(index);
        if (server != null) {
            server.group().beginStop(server);
            server.group().awaitQuiet(server);
        }
    }

    /**
     * Stops looking at the queues and waits until every request that was taken has been completed, as far as the device
     * is concerned; the driver is told nothing. The caller holds no lock that a loop could want. On a loop's own thread
     * nothing of that loop's may be in flight. A loop that has ended has nothing in flight, and requests that a defect
     * may have lost are not waited for without end.
     *
     * @throws IllegalStateException if this is the thread of a loop that has requests in flight
     */
    public void stop() {
        // First all are told, so that they come to rest side by side.
        servers.values().forEach(server -> server.group().beginStop(server));
        servers.values().forEach(server -> server.group().awaitQuiet(server));
        groups.forEach(QueueGroup::end);
    }

    /** True once a fault has broken the device. Any thread may call. */
    public boolean isBroken() {
        return broken.get();
    }

    /** Breaks the device. Any thread. */
    void fault(GuestFaultException fault) {
        if (!broken.compareAndSet(false, true)) {
            return;
        }
        groups.forEach(QueueGroup::halt);
        String reason = String.valueOf(fault.getMessage());
        LOG.warn("{} needs a reset: {}", device, reason);
        activation.events().needsReset(reason);
    }

    Duration patience() {
        return patience;
    }

    String device() {
        return device;
    }
}
