package vmm.virtio;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.event.EventLoop;
import vmm.memory.GuestFaultException;

/**
 * Those queues of one activated device that share an event loop. Loop thread only, unless a method says otherwise; the
 * others are for the threads that call the device, which hold no lock that the loop could want.
 */
final class QueueGroup {
    private static final Logger LOG = LoggerFactory.getLogger(QueueGroup.class);

    private static final long LOOK_SECONDS = 1;
    private static final int LOOKS_BEFORE_WARNING = 10;

    private final DeviceQueues owner;
    private final EventLoop loop;
    private final List<QueueServer> servers = new ArrayList<>();
    private final List<QueueServer> added = new ArrayList<>();
    private final Runnable publisher = this::publish;
    private boolean publishing;

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
            List<QueueServer> fresh = List.copyOf(added);
            added.clear();
            loop.post(() -> serve(fresh));
        }
    }

    private void serve(List<QueueServer> fresh) {
        // A queue of another loop may have broken the device meanwhile.
        if (owner.isBroken()) {
            return;
        }
        servers.addAll(fresh);
        if (!publishing) {
            publishing = true;
            loop.afterBatch(publisher);
        }
        for (QueueServer server : fresh) {
            server.watch();
        }
        // What came before the watch may have rung nowhere.
        for (QueueServer server : fresh) {
            server.answer();
        }
    }

    private void publish() {
        // By index, since an iterator would be an object for each batch.
        for (int i = 0; i < servers.size(); i++) {
            servers.get(i).publish();
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
        if (publishing) {
            publishing = false;
            loop.removeAfterBatch(publisher);
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
        int looks = 0;
        while (true) {
            try {
                if (server.awaitQuiet(LOOK_SECONDS, TimeUnit.SECONDS) || hasEnded()) {
                    break;
                }
                if (++looks % LOOKS_BEFORE_WARNING == 0) {
                    LOG.warn(
                            "The reset of {} waits for its disk: requests of queue {} are in flight.",
                            device(),
                            server.index());
                }
            } catch (InterruptedException e) {
                interrupted = true;
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
        onLoop(this::haltAll);
    }
}
