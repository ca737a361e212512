package vmm.virtio;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.event.EventLoop;
import vmm.memory.GuestFaultException;

/**
 * The queues of one activated device that share an event loop: from activation to reset, once.
 *
 * <p>A device makes one in {@link VirtioDevice#activate}, adds its queues and {@linkplain #start starts} it, and
 * {@linkplain #stop stops} it in {@link VirtioDevice#reset}. In between the loop's thread owns it.
 *
 * <p>A {@link GuestFaultException} from any queue breaks the device: no queue is looked at again, and the driver is
 * told that a reset is needed.
 */
public final class QueueGroup {
    private static final Logger LOG = LoggerFactory.getLogger(QueueGroup.class);

    private final EventLoop loop;
    private final String device;
    private final Activation activation;
    private final List<QueueServer> servers = new ArrayList<>();
    private final Runnable publisher = this::publish;
    private final CountDownLatch quiet = new CountDownLatch(1);
    private @Nullable GuestFaultException setUpFault;
    private boolean watching;
    private boolean running;
    private boolean stopping;

    /**
     * A group without queues.
     *
     * @param device what people call the device, in events and log lines
     */
    public QueueGroup(EventLoop loop, String device, Activation activation) {
        this.loop = loop;
        this.device = device;
        this.activation = activation;
    }

    /**
     * Adds a queue whose requests go to {@code handler}. Before {@link #start}, by the thread that activates.
     *
     * @param setup one of the activation's
     * @param longestChain the most buffers in a request; one with more breaks the device
     * @return null if the driver put the queue where it cannot be; then {@link #start} reports it
     */
    public @Nullable QueueServer serve(QueueSetup setup, int longestChain, QueueHandler handler) {
        return add(setup, longestChain, handler);
    }

    /**
     * Adds a queue that the device polls when it has something to say, and whose doorbell says nothing to it. See
     * {@link #serve}.
     */
    public @Nullable QueueServer open(QueueSetup setup, int longestChain) {
        return add(setup, longestChain, null);
    }

    private @Nullable QueueServer add(QueueSetup setup, int longestChain, @Nullable QueueHandler handler) {
        try {
            SplitVirtqueue queue = new SplitVirtqueue(activation.memory(), setup, activation.features());
            DescriptorChain chain = new DescriptorChain(activation.memory(), longestChain);
            QueueServer server = new QueueServer(this, queue, chain, setup.doorbell(), handler);
            servers.add(server);
            return server;
        } catch (GuestFaultException fault) {
            setUpFault = fault;
            return null;
        }
    }

    /** Starts to look at the queues. Once, by the thread that activates; does not wait for the loop. */
    public void start() {
        if (setUpFault != null) {
            report(setUpFault);
        } else {
            loop.post(this::watchAll);
        }
    }

    /**
     * Stops looking at the queues and waits until every request that was taken has been completed, as far as the device
     * is concerned; the driver is told nothing. Once, by the thread that resets, which holds no lock that the loop
     * could want. On the loop's own thread nothing may be in flight.
     */
    public void stop() {
        if (loop.inLoop()) {
            beginStop();
            if (quiet.getCount() != 0) {
                throw new IllegalStateException("Requests of " + device + " are in flight on the thread that resets.");
            }
            return;
        }
        loop.post(this::beginStop);
        boolean interrupted = false;
        while (true) {
            try {
                quiet.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** True between {@link #start} and the first fault or {@link #stop}. Loop thread only. */
    public boolean isRunning() {
        return running;
    }

    /** The queues, in the order in which they were added. Any thread may call after {@link #start}. */
    public List<QueueServer> servers() {
        return servers;
    }

    /** Breaks the device: the driver broke a rule that leaves no answer. Loop thread only. */
    public void fault(GuestFaultException fault) {
        if (running) {
            halt();
            report(fault);
        }
    }

    EventLoop loop() {
        return loop;
    }

    String device() {
        return device;
    }

    /** Lets {@link #stop} return if it was only waiting for the request that has just been completed. */
    void checkQuiet() {
        if (!stopping) {
            return;
        }
        for (QueueServer server : servers) {
            if (server.busy() != 0) {
                return;
            }
        }
        quiet.countDown();
    }

    private void report(GuestFaultException fault) {
        String reason = String.valueOf(fault.getMessage());
        LOG.warn("{} needs a reset: {}", device, reason);
        activation.events().needsReset(reason);
    }

    private void watchAll() {
        running = true;
        watching = true;
        loop.afterBatch(publisher);
        for (QueueServer server : servers) {
            server.watch();
        }
        // What came before the watch may have rung nowhere.
        for (QueueServer server : servers) {
            server.answer();
        }
    }

    private void publish() {
        if (running) {
            // By index, since an iterator would be an object for each batch.
            for (int i = 0; i < servers.size(); i++) {
                servers.get(i).publish();
            }
        }
    }

    private void beginStop() {
        halt();
        stopping = true;
        checkQuiet();
    }

    private void halt() {
        running = false;
        if (watching) {
            watching = false;
            loop.removeAfterBatch(publisher);
            for (QueueServer server : servers) {
                server.unwatch();
            }
        }
    }
}
