package vmm.virtio;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import jdk.jfr.FlightRecorder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.linux.EventFd;
import vmm.memory.GuestFaultException;

/**
 * One queue of an activated device and the loop's side of its doorbell: hands requests to the device, counts those in
 * flight, and leaves telling the driver to its {@link QueueGroup}. Loop thread only, unless a method says otherwise.
 */
public final class QueueServer {
    private static final Logger LOG = LoggerFactory.getLogger(QueueServer.class);

    private final QueueGroup group;
    private final Virtqueue queue;
    private final DescriptorChain chain;
    private final EventFd doorbell;
    private final @Nullable QueueHandler handler;
    private final @Nullable Runnable onDoorbell;
    private final CountDownLatch quiet = new CountDownLatch(1);
    private boolean serving;
    private boolean stopping;

    /** The loop polls: the driver need not ring, and is asked to only in {@link #listen}. */
    private boolean silenced;

    private int busy;

    /** Made when something records for the first time: loading the class of an event takes the JVM long. */
    private @Nullable DoorbellEvent event;

    QueueServer(
            QueueGroup group,
            Virtqueue queue,
            DescriptorChain chain,
            EventFd doorbell,
            @Nullable QueueHandler handler,
            @Nullable Runnable onDoorbell) {
        this.group = group;
        this.queue = queue;
        this.chain = chain;
        this.doorbell = doorbell;
        this.handler = handler;
        this.onDoorbell = handler != null ? this::answer : onDoorbell;
    }

    /** Which queue of the device this is. Any thread may call. */
    public int index() {
        return queue.index();
    }

    /** The number of descriptors, and so the most requests in flight. Any thread may call. */
    public int size() {
        return queue.size();
    }

    /** What the queue has done since the device was activated. Any thread may call. */
    public Virtqueue.Counters counters() {
        return queue.counters();
    }

    /** How many requests have been taken and not completed. */
    public int busy() {
        return busy;
    }

    /**
     * Takes the next request without waiting for the doorbell, as an event queue does when it has something to say.
     *
     * @return the request, valid until the next poll, to be {@linkplain #complete completed} soon; null if there is
     *     none, the device is stopping or its ring is broken
     */
    public @Nullable DescriptorChain poll() {
        try {
            return serving && take() ? chain : null;
        } catch (GuestFaultException fault) {
            group.fault(fault);
            return null;
        }
    }

    /**
     * After {@link #poll} has found nothing: has the driver ring as soon as there is a request.
     *
     * @return true if there is one already, for which it may not ring
     */
    public boolean listenForMore() {
        try {
            return serving && queue.enableNotifications();
        } catch (GuestFaultException fault) {
            group.fault(fault);
            return false;
        }
    }

    /**
     * Gives a request back. The driver can see that from now on, and is interrupted at the end of the loop's iteration
     * if it wants to be. After a fault or during a reset it is told nothing.
     *
     * @param head the {@link DescriptorChain#head} it came with
     * @param written how many bytes were written, counted from the first writable one
     */
    public void complete(int head, long written) {
        busy--;
        if (serving) {
            queue.complete(head, written);
        } else {
            checkQuiet();
        }
    }

    /**
     * A defect of the device or of its disk keeps it from completing a request that it took: breaks the device, since
     * the driver would wait for that request for ever.
     */
    public void abandon(Throwable defect) {
        LOG.error("{} has failed on a request of queue {}.", group.device(), index(), defect);
        drop(defect);
    }

    private void drop(Throwable defect) {
        busy--;
        group.fault(new GuestFaultException("the device failed on a request (" + defect + ")"));
        checkQuiet();
    }

    private void checkQuiet() {
        if (stopping && busy == 0) {
            quiet.countDown();
        }
    }

    private boolean take() {
        if (!queue.pop(chain)) {
            return false;
        }
        busy++;
        return true;
    }

    QueueGroup group() {
        return group;
    }

    void watch() {
        serving = true;
        if (onDoorbell != null) {
            group.loop().watch(doorbell, onDoorbell);
        }
    }

    /** Looks at the queue no more. */
    void halt() {
        if (serving) {
            serving = false;
            if (onDoorbell != null) {
                group.loop().unwatch(doorbell);
            }
        }
    }

    /** As {@link #halt}, and tells those who {@linkplain #awaitQuiet wait} when nothing is in flight. */
    void beginStop() {
        halt();
        stopping = true;
        checkQuiet();
    }

    boolean isStopping() {
        return stopping;
    }

    /** Nothing is in flight, and nothing will be. */
    boolean isDone() {
        return !serving && busy == 0;
    }

    boolean isQuiet() {
        return quiet.getCount() == 0;
    }

    /** Waits until nothing is in flight after {@link #beginStop}. Any thread. */
    boolean awaitQuiet(long timeout, TimeUnit unit) throws InterruptedException {
        return quiet.await(timeout, unit);
    }

    void notifyDriver() {
        queue.notifyDriver();
    }

    /**
     * Looks for chains while the loop does so, and takes them. The driver need not ring meanwhile.
     *
     * @return true if there were any
     */
    boolean look() {
        if (handler == null || !serving) {
            return false;
        }
        try {
            if (!silenced) {
                silenced = true;
                queue.disableNotifications();
            }
            if (!queue.hasMore()) {
                return false;
            }
        } catch (GuestFaultException fault) {
            group.fault(fault);
            return true;
        }
        answer();
        return true;
    }

    /**
     * The loop looks no more: the driver is to ring again.
     *
     * @return true if it has made a chain available meanwhile, so that the loop must look
     */
    boolean listen() {
        if (!silenced) {
            return false;
        }
        silenced = false;
        try {
            return serving && queue.enableNotifications();
        } catch (GuestFaultException fault) {
            group.fault(fault);
            return false;
        }
    }

    /** Takes all that the driver has made available. */
    void answer() {
        if (handler == null || !serving) {
            return;
        }
        DoorbellEvent trace = beginEvent();
        int handled = 0;
        try {
            handled = drain(handler);
        } catch (GuestFaultException fault) {
            group.fault(fault);
        }
        if (trace != null) {
            trace.end();
            if (trace.shouldCommit()) {
                trace.chains = handled;
                trace.commit();
            }
        }
    }

    private @Nullable DoorbellEvent beginEvent() {
        DoorbellEvent begun = event;
        if (begun == null && FlightRecorder.isInitialized()) {
            begun = new DoorbellEvent();
            begun.device = group.device();
            begun.queue = queue.index();
            event = begun;
        }
        if (begun != null) {
            begun.begin();
        }
        return begun;
    }

    private int drain(QueueHandler target) {
        int handled = 0;
        if (!silenced) {
            queue.disableNotifications();
        }
        do {
            while (serving && take()) {
                dispatch(target);
                // A driver that follows the rules has no more than this before it is told of completions. One that goes
                // on and on must not keep the loop from its other queues.
                if (++handled == queue.size()) {
                    if (!silenced) {
                        doorbell.signal();
                    }
                    return handled;
                }
            }
        } while (serving && !silenced && queue.enableNotifications());
        return handled;
    }

    private void dispatch(QueueHandler target) {
        try {
            target.handle(this, chain);
        } catch (GuestFaultException fault) {
            busy--;
            checkQuiet();
            throw fault;
        } catch (RuntimeException | Error defect) {
            // The device's own failure. The driver would wait for this request for ever, and a reset with it.
            drop(defect);
            throw defect;
        }
    }
}
