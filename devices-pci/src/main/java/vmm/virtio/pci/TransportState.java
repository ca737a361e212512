package vmm.virtio.pci;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What a driver has set up so far: status, features, queues. The common configuration structure and the legacy
 * registers are two views of it, each with rules of its own about what a driver may do when.
 *
 * <p>Its monitor is the lock of the transport, under which everything happens but for the methods that say otherwise.
 */
final class TransportState {
    static final int STATUS_ACKNOWLEDGE = 1;
    static final int STATUS_DRIVER = 2;
    static final int STATUS_DRIVER_OK = 4;
    static final int STATUS_FEATURES_OK = 8;
    static final int STATUS_NEEDS_RESET = 64;
    static final int STATUS_FAILED = 128;

    /** Starts and stops the device as its driver asks, in turns. */
    interface Lifecycle {
        /** The device may use its queues. */
        void start();

        /** The device leaves its queues alone: when this returns, it does. */
        void stop();

        /** The running device may use one more queue. */
        void startQueue(int index);

        /** The running device leaves one queue alone: when this returns, it does. */
        void stopQueue(int index);
    }

    /** A queue as the driver has set it up so far. */
    static final class Queue {
        /** The largest size. */
        final int limit;

        int size;
        boolean enabled;
        long descriptorArea;
        long driverArea;
        long deviceArea;

        Queue(int limit) {
            this.limit = limit;
        }
    }

    private final VirtioPciState initial;
    private final TransportInterrupts interrupts;
    private final Lifecycle lifecycle;
    private final List<Queue> queues;
    private final AtomicInteger generation = new AtomicInteger();

    private volatile boolean needsReset;
    private volatile int status;
    private volatile boolean running;
    private boolean retired;
    int deviceFeatureSelect;
    int driverFeatureSelect;
    long driverFeatures;
    int queueSelect;

    TransportState(VirtioPciState initial, TransportInterrupts interrupts, Lifecycle lifecycle) {
        this.initial = initial;
        this.interrupts = interrupts;
        this.lifecycle = lifecycle;
        this.queues =
                initial.queues().stream().map(queue -> new Queue(queue.size())).toList();
        restore(initial);
    }

    /** By index. Any thread, no lock; what is in them is another matter. */
    List<Queue> queues() {
        return queues;
    }

    /** The queue that queue_select names, if there is one. */
    @Nullable
    Queue selectedQueue() {
        return queueSelect < queues.size() ? queues.get(queueSelect) : null;
    }

    /** All status bits. Any thread, no lock. */
    int status() {
        return needsReset ? status | STATUS_NEEDS_RESET : status;
    }

    boolean has(int statusBit) {
        return (status & statusBit) != 0;
    }

    /** Sets more of the driver's status bits, and lets the device start if DRIVER_OK is one of them. */
    void addStatus(int bits) {
        status |= bits;
        if ((bits & STATUS_DRIVER_OK) != 0) {
            start();
        }
    }

    /** Lets the device start if it does not run. */
    void start() {
        if (!running && !retired) {
            running = true;
            lifecycle.start();
        }
    }

    /** True from the start of the device until it is stopped. Any thread, no lock. */
    boolean running() {
        return running;
    }

    /** Sets DEVICE_NEEDS_RESET. Any thread, no lock. */
    void setNeedsReset() {
        needsReset = true;
    }

    /** config_generation. */
    int generation() {
        return generation.get() & 0xff;
    }

    /** Counts a change of the device's configuration. Any thread, no lock. */
    void configChanged() {
        generation.getAndIncrement();
    }

    /** Takes DRIVER_OK back, so that the device leaves memory alone; it needs a reset to be of use again. */
    void halt() {
        status &= ~STATUS_DRIVER_OK;
        stop();
    }

    private void stop() {
        if (running) {
            lifecycle.stop();
            running = false;
        }
    }

    /** Back to the state before any driver. */
    void reset() {
        stop();
        interrupts.clearPending();
        restore(initial);
    }

    /** Back to the state before any driver, for good: the device is not started again. */
    void retire() {
        retired = true;
        reset();
    }

    /** Enables the selected queue, which has been set up and is used at once if the device runs. */
    void enableSelectedQueue() {
        Queue queue = selectedQueue();
        if (queue != null && !queue.enabled) {
            queue.enabled = true;
            if (running) {
                lifecycle.startQueue(queueSelect);
            }
        }
    }

    /** Back to the selected queue as it was before any driver. */
    void resetSelectedQueue() {
        Queue queue = selectedQueue();
        if (queue != null) {
            if (queue.enabled && running) {
                lifecycle.stopQueue(queueSelect);
            }
            restore(queueSelect, initial.queues().get(queueSelect));
        }
    }

    VirtioPciState snapshot() {
        List<VirtioPciState.Queue> states = new ArrayList<>();
        for (int i = 0; i < queues.size(); i++) {
            Queue queue = queues.get(i);
            states.add(new VirtioPciState.Queue(
                    queue.size,
                    interrupts.queueVector(i),
                    queue.enabled,
                    queue.descriptorArea,
                    queue.driverArea,
                    queue.deviceArea));
        }
        return new VirtioPciState(
                status(),
                deviceFeatureSelect,
                driverFeatureSelect,
                driverFeatures,
                queueSelect,
                interrupts.configVector(),
                interrupts.isr(),
                generation(),
                states);
    }

    private void restore(VirtioPciState state) {
        needsReset = (state.status() & STATUS_NEEDS_RESET) != 0;
        status = state.status() & ~STATUS_NEEDS_RESET;
        deviceFeatureSelect = state.deviceFeatureSelect();
        driverFeatureSelect = state.driverFeatureSelect();
        driverFeatures = state.driverFeatures();
        queueSelect = state.queueSelect();
        generation.set(state.configGeneration());
        interrupts.setConfigVector(state.configVector());
        interrupts.setIsr(state.isr());
        for (int i = 0; i < queues.size(); i++) {
            restore(i, state.queues().get(i));
        }
    }

    private void restore(int index, VirtioPciState.Queue state) {
        Queue queue = queues.get(index);
        queue.size = state.size();
        queue.enabled = state.enabled();
        queue.descriptorArea = state.descriptorArea();
        queue.driverArea = state.driverArea();
        queue.deviceArea = state.deviceArea();
        interrupts.setQueueVector(index, state.vector());
    }
}
