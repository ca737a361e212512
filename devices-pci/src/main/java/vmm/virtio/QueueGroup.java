package vmm.virtio;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.event.EventLoop;
import vmm.event.Poller;
import vmm.memory.GuestFaultException;

/**
 * Those queues of one activated device that share an event loop. Loop thread only, unless a method says otherwise; the
 * others are for the threads that call the device, which hold no lock that the loop could want.
 */
final class QueueGroup implements Poller {
    private static final Logger LOG = LoggerFactory.getLogger(QueueGroup.class);

    private static final long LOOK_MILLIS = 500;
    private static final long WARNING_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final DeviceQueues owner;
    private final EventLoop loop;

    /** Those that are looked at. */
    private final List<QueueServer> servers = new ArrayList<>();

    /** Those that may have requests in flight, because they are looked at or once were. */
    private final List<QueueServer> all = new ArrayList<>();

    private final List<QueueServer> added = new ArrayList<>();
    private final Runnable notifier = this::notifyDriver;
    private final Consumer<Throwable> failureListener = this::somethingFailed;
    private boolean attached;
    private volatile boolean requestsMayBeLost;

    QueueGroup(DeviceQueues owner, EventLoop loop) {
        this.owner = owner;
        this.loop = loop;
    }

    EventLoop loop() {
        return loop;
    }

    String device() {
        return owner.device();
    }

    /** Adds a queue, to be served after the next {@link #start}. Not the loop's thread. */
    void add(QueueServer server) {
        added.add(server);
    }

    /** Starts to look at what was added since the last call. Not the loop's thread. */
    void start() {
        if (!added.isEmpty()) {
            List<QueueServer> fresh = new ArrayList<>(added);
            added.clear();
            loop.post(() -> serve(fresh));
        }
    }

    private void serve(List<QueueServer> fresh) {
        // A queue of another loop may have broken the device meanwhile.
        if (owner.isBroken()) {
            return;
        }
        // A reset on the loop's own thread does not wait for its turn, as this did.
        fresh.removeIf(QueueServer::isStopping);
        all.removeIf(QueueServer::isDone);
        all.addAll(fresh);
        servers.addAll(fresh);
        attach();
        for (QueueServer server : fresh) {
            server.watch();
        }
        // What came before the watch may have rung nowhere.
        for (QueueServer server : fresh) {
            server.answer();
        }
    }

    private void attach() {
        if (!attached) {
            attached = true;
            loop.afterBatch(notifier);
            loop.addPoller(this);
            loop.addFailureListener(failureListener);
        }
    }

    @Override
    public boolean poll() {
        boolean found = false;
        // A queue that breaks the device empties the list.
        for (int i = 0; i < servers.size(); i++) {
            found |= servers.get(i).look();
        }
        return found;
    }

    @Override
    public boolean beforeWait() {
        boolean more = false;
        for (int i = 0; i < servers.size(); i++) {
            more |= servers.get(i).listen();
        }
        return more;
    }

    private void notifyDriver() {
        // By index, since an iterator would be an object for each batch.
        for (int i = 0; i < servers.size(); i++) {
            servers.get(i).notifyDriver();
        }
    }

    /** Breaks the device: the driver broke a rule that leaves no answer. */
    void fault(GuestFaultException fault) {
        owner.fault(fault);
    }

    /** Looks at no queue any more. Any thread; on the loop's own it has happened when this returns. */
    void halt() {
        onLoop(this::haltAll);
    }

    private void haltAll() {
        servers.forEach(QueueServer::halt);
        servers.clear();
    }

    /**
     * Something on the loop threw an exception, and if it was on its way to end a request of ours, that will not end.
     * No one can tell; so the device is broken if it has any in flight, and nobody waits for them as for others.
     */
    private void somethingFailed(Throwable failure) {
        if (all.stream().anyMatch(server -> server.busy() != 0)) {
            requestsMayBeLost = true;
            owner.fault(new GuestFaultException("a request may have been lost in the VMM (" + failure + ")"));
        }
    }

    /** Has the loop stop looking at one queue. Any thread. */
    void beginStop(QueueServer server) {
        onLoop(() -> {
            servers.remove(server);
            server.beginStop();
        });
    }

    /** Runs {@code action} on the loop's thread; a loop that has ended serves nobody. */
    private void onLoop(Runnable action) {
        if (loop.inLoop()) {
            action.run();
            return;
        }
        try {
            loop.post(action);
        } catch (IllegalStateException ended) {
            LOG.debug("The event loop of {} has ended before it.", device(), ended);
        }
    }

    /** Waits until what was taken from a queue has been completed, after {@link #beginStop}. Any thread. */
    void awaitQuiet(QueueServer server) {
        if (loop.inLoop()) {
            if (!server.isQuiet()) {
                throw new IllegalStateException(
                        "Requests of " + device() + " are in flight on the thread that resets.");
            }
            return;
        }
        boolean interrupted = false;
        long begin = System.nanoTime();
        long nextWarning = WARNING_NANOS;
        while (true) {
            try {
                if (server.awaitQuiet(LOOK_MILLIS, TimeUnit.MILLISECONDS) || hasEnded()) {
                    break;
                }
            } catch (InterruptedException e) {
                interrupted = true;
            }
            long waited = System.nanoTime() - begin;
            if (requestsMayBeLost && waited > owner.patience().toNanos()) {
                LOG.error("{} is reset without the end of requests of queue {}.", device(), server.index());
                break;
            }
            if (waited > nextWarning) {
                nextWarning += WARNING_NANOS;
                LOG.warn("The reset of {} waits for requests of queue {}.", device(), server.index());
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean hasEnded() {
        try {
            loop.post(() -> {});
            return false;
        } catch (IllegalStateException ended) {
            return true;
        }
    }

    /** All queues have been stopped. Any thread. */
    void end() {
        onLoop(() -> {
            haltAll();
            detach();
        });
    }

    private void detach() {
        if (attached) {
            attached = false;
            loop.removeAfterBatch(notifier);
            loop.removePoller(this);
            loop.removeFailureListener(failureListener);
        }
    }
}
