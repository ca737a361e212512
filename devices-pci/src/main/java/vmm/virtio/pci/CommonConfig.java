package vmm.virtio.pci;

import org.jspecify.annotations.Nullable;
import vmm.virtio.Features;
import vmm.virtio.pci.TransportState.Queue;

/**
 * The common configuration structure (virtio 1.3 4.1.4.3): its registers, and which writes the device takes when. Under
 * the lock of the transport.
 */
final class CommonConfig {
    /** The bits that a driver sets (virtio 1.3 2.1). */
    private static final int STATUS_DRIVER_BITS = TransportState.STATUS_ACKNOWLEDGE
            | TransportState.STATUS_DRIVER
            | TransportState.STATUS_DRIVER_OK
            | TransportState.STATUS_FEATURES_OK
            | TransportState.STATUS_FAILED;

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

    private final long offered;
    private final TransportState state;
    private final TransportInterrupts interrupts;

    /**
     * The registers.
     *
     * @param offered the features that a driver may accept
     */
    CommonConfig(long offered, TransportState state, TransportInterrupts interrupts) {
        this.offered = offered;
        this.state = state;
        this.interrupts = interrupts;
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
            case DEVICE_FEATURE_SELECT -> state.deviceFeatureSelect;
            case DEVICE_FEATURE -> page(offered, state.deviceFeatureSelect);
            case DRIVER_FEATURE_SELECT -> state.driverFeatureSelect;
            case DRIVER_FEATURE -> page(state.driverFeatures, state.driverFeatureSelect);
            case CONFIG_MSIX_VECTOR ->
                interrupts.configVector() | (state.queues().size() << Short.SIZE);
            case DEVICE_STATUS ->
                state.status() | (state.generation() << Byte.SIZE) | (state.queueSelect << Short.SIZE);
            default -> {
                Queue queue = state.selectedQueue();
                yield queue == null ? 0 : queueDword(queue, offset);
            }
        };
    }

    private int queueDword(Queue queue, int offset) {
        return switch (offset) {
            case QUEUE_SIZE -> queue.size | (interrupts.queueVector(state.queueSelect) << Short.SIZE);
            // queue_notify_off, which shares the dword, is the queue index
            case QUEUE_ENABLE -> (queue.enabled ? 1 : 0) | (state.queueSelect << Short.SIZE);
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
            case DEVICE_FEATURE_SELECT -> state.deviceFeatureSelect = (int) value;
            case DRIVER_FEATURE_SELECT -> state.driverFeatureSelect = (int) value;
            case DRIVER_FEATURE -> writeFeatures(value);
            case CONFIG_MSIX_VECTOR -> interrupts.setConfigVector((int) value);
            case DEVICE_STATUS -> writeStatus((int) value);
            case QUEUE_SELECT -> state.queueSelect = (int) value;
            case QUEUE_MSIX_VECTOR -> {
                if (state.selectedQueue() != null) {
                    interrupts.setQueueVector(state.queueSelect, (int) value);
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
        if (state.has(TransportState.STATUS_FEATURES_OK)) {
            return;
        }
        switch (state.driverFeatureSelect) {
            case 0 -> state.driverFeatures = replace(state.driverFeatures, LOW, value);
            case 1 -> state.driverFeatures = replace(state.driverFeatures, HIGH, value);
            default -> {}
        }
    }

    private void writeStatus(int value) {
        if (value == 0) {
            state.reset();
            return;
        }
        // virtio 1.3 2.1.1: a driver never clears a bit but by resetting
        int added = value & STATUS_DRIVER_BITS & ~state.status();
        if ((added & TransportState.STATUS_FEATURES_OK) != 0 && !featuresAcceptable()) {
            added &= ~TransportState.STATUS_FEATURES_OK;
        }
        if (((state.status() | added) & TransportState.STATUS_FEATURES_OK) == 0) {
            added &= ~TransportState.STATUS_DRIVER_OK;
        }
        state.addStatus(added);
    }

    private boolean featuresAcceptable() {
        return (state.driverFeatures & ~offered) == 0
                && (state.driverFeatures & Features.VERSION_1) != 0
                && !state.running();
    }

    private boolean agreed(long feature) {
        return state.has(TransportState.STATUS_FEATURES_OK) && (state.driverFeatures & feature) != 0;
    }

    /**
     * The selected queue if the driver may set it up, as it may before the device runs, and if it can reset queues also
     * later.
     */
    private @Nullable Queue queueInSetup() {
        Queue queue = state.selectedQueue();
        boolean inTime = !state.running() || agreed(Features.RING_RESET);
        return queue != null && !queue.enabled && inTime ? queue : null;
    }

    private void writeQueueSize(int value) {
        Queue queue = queueInSetup();
        // virtio 1.3 4.1.4.3.2: a power of 2 unless packed, not 0, and no larger than what the device presented
        if (queue != null
                && (Integer.bitCount(value) == 1 || agreed(Features.RING_PACKED))
                && value > 0
                && value <= queue.limit) {
            queue.size = value;
        }
    }

    private void enableQueue(int value) {
        if (value == 1 && queueInSetup() != null) {
            state.enableSelectedQueue();
        }
    }

    /** virtio 1.3 2.6.1: done when the write returns, so that queue_reset always reads 0. */
    private void resetQueue(int value) {
        if (value == 1 && agreed(Features.RING_RESET)) {
            state.resetSelectedQueue();
        }
    }

    private void writeArea(int offset, long value) {
        Queue queue = queueInSetup();
        if (queue == null) {
            return;
        }
        int shift = (offset & 4) == 0 ? LOW : HIGH;
        switch (offset & ~4) {
            case QUEUE_DESC -> queue.descriptorArea = replace(queue.descriptorArea, shift, value);
            case QUEUE_DRIVER -> queue.driverArea = replace(queue.driverArea, shift, value);
            case QUEUE_DEVICE -> queue.deviceArea = replace(queue.deviceArea, shift, value);
            default -> {}
        }
    }

    private static long replace(long register, int shift, long half) {
        return (register & ~(0xffff_ffffL << shift)) | ((half & 0xffff_ffffL) << shift);
    }
}
