package vmm.virtio.pci;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import vmm.virtio.Features;

/**
 * The common configuration structure (virtio 1.3 4.1.4.3): its registers, and which writes the device takes when. Under
 * the lock of the transport, but for the two methods that say otherwise.
 */
final class CommonConfig {
    static final int STATUS_DRIVER_OK = 4;
    static final int STATUS_FEATURES_OK = 8;
    static final int STATUS_NEEDS_RESET = 64;

    /** ACKNOWLEDGE, DRIVER, DRIVER_OK, FEATURES_OK and FAILED: the bits that a driver sets (virtio 1.3 2.1). */
    private static final int STATUS_DRIVER_BITS = 1 | 2 | STATUS_DRIVER_OK | STATUS_FEATURES_OK | 128;

    /** The size of the structure, admin queue registers included. */
    static final int SIZE = 0x40;

    private static final int DEVICE_FEATURE_SELECT = 0x00;
    private static final int DEVICE_FEATURE = 0x04;
    private static final int DRIVER_FEATURE_SELECT = 0x08;
    private static final int DRIVER_FEATURE = 0x0c;
    private static final int CONFIG_MSIX_VECTOR = 0x10;
    private static final int DEVICE_STATUS = 0x14;
    private static final int QUEUE_SELECT = 0x16;
    private static final int QUEUE_SIZE = 0x18;
    private static final int QUEUE_MSIX_VECTOR = 0x1a;
    private static final int QUEUE_ENABLE = 0x1c;
    private static final int QUEUE_DESC = 0x20;
    private static final int QUEUE_DRIVER = 0x28;
    private static final int QUEUE_DEVICE = 0x30;

    private static final int QUEUE_RESET = 0x3a;

    private static final int LOW = 0;
    private static final int HIGH = 32;

    /** Told what the driver's writes to device_status, queue_enable and queue_reset ask for. */
    interface Lifecycle {
        /** DRIVER_OK was set. */
        void start();

        /** 0 was written: the device stops, and {@link #restore} follows. */
        void stop();

        /** A queue was enabled while the device runs. */
        void startQueue(int index);

        /** A queue that was enabled is reset while the device runs: when this returns, it has stopped. */
        void stopQueue(int index);
    }

    /** A queue as the driver has set it up so far. */
    static final class Queue {
        int size;
        boolean enabled;
        long descriptorArea;
        long driverArea;
        long deviceArea;
    }

    private final long offered;
    private final VirtioPciState initial;
    private final TransportInterrupts interrupts;
    private final Lifecycle lifecycle;
    private final List<Queue> queues = new ArrayList<>();
    private final AtomicInteger generation = new AtomicInteger();

    private volatile boolean needsReset;
    private volatile int status;
    private int deviceFeatureSelect;
    private int driverFeatureSelect;
    private long driverFeatures;
    private int queueSelect;

    CommonConfig(long offered, VirtioPciState initial, TransportInterrupts interrupts, Lifecycle lifecycle) {
        this.offered = offered;
        this.initial = initial;
        this.interrupts = interrupts;
        this.lifecycle = lifecycle;
        initial.queues().forEach(queue -> queues.add(new Queue()));
        restore(initial);
    }

    long driverFeatures() {
        return driverFeatures;
    }

    List<Queue> queues() {
        return queues;
    }

    /** Sets DEVICE_NEEDS_RESET. Any thread, no lock. */
    void setNeedsReset() {
        needsReset = true;
    }

    /** Counts a change of the device's configuration. Any thread, no lock. */
    void configChanged() {
        generation.getAndIncrement();
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
                deviceStatus(),
                deviceFeatureSelect,
                driverFeatureSelect,
                driverFeatures,
                queueSelect,
                interrupts.configVector(),
                interrupts.isr(),
                generation.get() & 0xff,
                states);
    }

    private void restore(VirtioPciState state) {
        needsReset = (state.status() & STATUS_NEEDS_RESET) != 0;
        status = state.status() & STATUS_DRIVER_BITS;
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

    /** Back to the state before any driver. */
    void reset() {
        lifecycle.stop();
        restore(initial);
    }

    private int deviceStatus() {
        return needsReset ? status | STATUS_NEEDS_RESET : status;
    }

    /** Reads any part of the structure. */
    long read(int offset, int size) {
        long value = 0;
        for (int i = size - 1; i >= 0; i--) {
            int at = offset + i;
            int dword = dword(at & ~3);
            value = (value << Byte.SIZE) | ((dword >>> ((at & 3) * Byte.SIZE)) & 0xff);
        }
        return value;
    }

    private int dword(int offset) {
        return switch (offset) {
            case DEVICE_FEATURE_SELECT -> deviceFeatureSelect;
            case DEVICE_FEATURE -> page(offered, deviceFeatureSelect);
            case DRIVER_FEATURE_SELECT -> driverFeatureSelect;
            case DRIVER_FEATURE -> page(driverFeatures, driverFeatureSelect);
            case CONFIG_MSIX_VECTOR -> interrupts.configVector() | (queues.size() << Short.SIZE);
            case DEVICE_STATUS ->
                deviceStatus() | ((generation.get() & 0xff) << Byte.SIZE) | (queueSelect << Short.SIZE);
            default -> queueSelect < queues.size() ? queueDword(queues.get(queueSelect), offset) : 0;
        };
    }

    private int queueDword(Queue queue, int offset) {
        return switch (offset) {
            case QUEUE_SIZE -> queue.size | (interrupts.queueVector(queueSelect) << Short.SIZE);
            // queue_notify_off, which shares the dword, is the queue index
            case QUEUE_ENABLE -> (queue.enabled ? 1 : 0) | (queueSelect << Short.SIZE);
            case QUEUE_DESC -> (int) queue.descriptorArea;
            case QUEUE_DESC + 4 -> (int) (queue.descriptorArea >>> HIGH);
            case QUEUE_DRIVER -> (int) queue.driverArea;
            case QUEUE_DRIVER + 4 -> (int) (queue.driverArea >>> HIGH);
            case QUEUE_DEVICE -> (int) queue.deviceArea;
            case QUEUE_DEVICE + 4 -> (int) (queue.deviceArea >>> HIGH);
            default -> 0;
        };
    }

    private static int page(long features, int select) {
        return switch (select) {
            case 0 -> (int) features;
            case 1 -> (int) (features >>> 32);
            default -> 0;
        };
    }

    /** A write, which counts only with the width of its register (virtio 1.3 4.1.3.1), or half of a 64-bit one. */
    void write(int offset, int size, long value) {
        if (size == Long.BYTES) {
            if (offset == QUEUE_DESC || offset == QUEUE_DRIVER || offset == QUEUE_DEVICE) {
                writeArea(offset, value);
                writeArea(offset + 4, value >>> HIGH);
            }
            return;
        }
        int width = switch (offset) {
            case DEVICE_STATUS -> 1;
            case CONFIG_MSIX_VECTOR, QUEUE_SELECT, QUEUE_SIZE, QUEUE_MSIX_VECTOR, QUEUE_ENABLE, QUEUE_RESET -> 2;
            default -> 4;
        };
        if (size != width) {
            return;
        }
        switch (offset) {
            case DEVICE_FEATURE_SELECT -> deviceFeatureSelect = (int) value;
            case DRIVER_FEATURE_SELECT -> driverFeatureSelect = (int) value;
            case DRIVER_FEATURE -> writeFeatures(value);
            case CONFIG_MSIX_VECTOR -> interrupts.setConfigVector((int) value);
            case DEVICE_STATUS -> writeStatus((int) value);
            case QUEUE_SELECT -> queueSelect = (int) value;
            case QUEUE_MSIX_VECTOR -> {
                if (queueSelect < queues.size()) {
                    interrupts.setQueueVector(queueSelect, (int) value);
                }
            }
            case QUEUE_SIZE -> writeQueueSize((int) value);
            case QUEUE_ENABLE -> enableQueue((int) value);
            case QUEUE_RESET -> resetQueue((int) value);
            default -> writeArea(offset, value);
        }
    }

    private void writeFeatures(long value) {
        // virtio 1.3 3.1.1: features are settled once FEATURES_OK is set
        if ((status & STATUS_FEATURES_OK) != 0) {
            return;
        }
        switch (driverFeatureSelect) {
            case 0 -> driverFeatures = (driverFeatures & (0xffff_ffffL << HIGH)) | value;
            case 1 -> driverFeatures = (driverFeatures & 0xffff_ffffL) | (value << HIGH);
            default -> {}
        }
    }

    private void writeStatus(int value) {
        if (value == 0) {
            reset();
            return;
        }
        // virtio 1.3 2.1.1: a driver never clears a bit but by resetting
        int added = value & STATUS_DRIVER_BITS & ~status;
        if ((added & STATUS_FEATURES_OK) != 0 && !featuresAcceptable()) {
            added &= ~STATUS_FEATURES_OK;
        }
        if ((added & STATUS_DRIVER_OK) != 0 && ((status | added) & STATUS_FEATURES_OK) == 0) {
            added &= ~STATUS_DRIVER_OK;
        }
        status |= added;
        if ((added & STATUS_DRIVER_OK) != 0) {
            lifecycle.start();
        }
    }

    private boolean featuresAcceptable() {
        return (driverFeatures & ~offered) == 0 && (driverFeatures & Features.VERSION_1) != 0;
    }

    private boolean agreed(long feature) {
        return (status & STATUS_FEATURES_OK) != 0 && (driverFeatures & feature) != 0;
    }

    private boolean isRunning() {
        return (status & STATUS_DRIVER_OK) != 0;
    }

    /** The driver may set the selected queue up before the device runs, and if it can reset queues also later. */
    private boolean mayConfigureQueue() {
        return queueSelect < queues.size()
                && !queues.get(queueSelect).enabled
                && (!isRunning() || agreed(Features.RING_RESET));
    }

    private void writeQueueSize(int value) {
        // virtio 1.3 4.1.4.3.2: a power of 2 unless packed, not 0, and no larger than what the device presented
        if (mayConfigureQueue()
                && (Integer.bitCount(value) == 1 || agreed(Features.RING_PACKED))
                && value > 0
                && value <= initial.queues().get(queueSelect).size()) {
            queues.get(queueSelect).size = value;
        }
    }

    private void enableQueue(int value) {
        if (mayConfigureQueue() && value == 1) {
            queues.get(queueSelect).enabled = true;
            if (isRunning()) {
                lifecycle.startQueue(queueSelect);
            }
        }
    }

    /** virtio 1.3 2.6.1: done when the write returns, so that queue_reset always reads 0. */
    private void resetQueue(int value) {
        if (value != 1 || queueSelect >= queues.size() || !agreed(Features.RING_RESET)) {
            return;
        }
        if (isRunning() && queues.get(queueSelect).enabled) {
            lifecycle.stopQueue(queueSelect);
        }
        restore(queueSelect, initial.queues().get(queueSelect));
    }

    private void writeArea(int offset, long value) {
        if (!mayConfigureQueue()) {
            return;
        }
        Queue queue = queues.get(queueSelect);
        int shift = (offset & 4) == 0 ? LOW : HIGH;
        switch (offset & ~4) {
            case QUEUE_DESC -> queue.descriptorArea = replace(queue.descriptorArea, shift, value);
            case QUEUE_DRIVER -> queue.driverArea = replace(queue.driverArea, shift, value);
            case QUEUE_DEVICE -> queue.deviceArea = replace(queue.deviceArea, shift, value);
            default -> {}
        }
    }

    private static long replace(long area, int shift, long half) {
        return (area & ~(0xffff_ffffL << shift)) | ((half & 0xffff_ffffL) << shift);
    }
}
