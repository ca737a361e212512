package vmm.virtio.pci;

import vmm.bus.BusDevice;
import vmm.virtio.pci.TransportState.Queue;

/**
 * The registers of the legacy interface, in ports (virtio 1.3 4.1.4.10), and the rules of virtio 0.9.5 about what a
 * driver may do when: there is no FEATURES_OK, features count from the first use of a queue, and that may come before
 * DRIVER_OK (virtio 1.3 3.1.2).
 *
 * <p>Once a driver has settled its features by the modern interface, nothing here has an effect but a reset and a
 * notification. The width of a write does not matter, as it did not to the devices that legacy drivers grew up with:
 * the register at its offset takes the low bits.
 */
final class LegacyRegisters implements BusDevice {
    static final int QUEUE_NOTIFY = 16;

    private static final int DEVICE_FEATURES = 0;
    private static final int DRIVER_FEATURES = 4;
    private static final int QUEUE_ADDRESS = 8;
    private static final int QUEUE_SIZE = 12;
    private static final int QUEUE_SELECT = 14;
    private static final int DEVICE_STATUS = 18;
    private static final int ISR_STATUS = 19;
    private static final int CONFIG_MSIX_VECTOR = 20;
    private static final int QUEUE_MSIX_VECTOR = 22;

    /** Where the device's configuration begins without MSI-X and with it. */
    private static final int HEADER_SIZE = 20;

    private static final int HEADER_SIZE_MSIX = 24;

    /** The page size in which queue addresses count, and the alignment of the used ring. */
    private static final int PAGE_SHIFT = 12;

    private static final long PAGE_SIZE = 1L << PAGE_SHIFT;

    private static final long ACCESSIBLE_FEATURES = 0xffff_ffffL;

    /** VIRTIO_F_ANY_LAYOUT: requests may be spread over buffers in any way, as they may since virtio 1.0 without it. */
    private static final long ANY_LAYOUT = 1L << 27;

    /** The bit that is called UNUSED: only a driver that accepts whatever is offered accepts it. */
    private static final long UNUSED = 1L << 30;

    /** The bits that a legacy driver knows. */
    private static final int STATUS_BITS = TransportState.STATUS_ACKNOWLEDGE
            | TransportState.STATUS_DRIVER
            | TransportState.STATUS_DRIVER_OK
            | TransportState.STATUS_FAILED;

    private final long offered;
    private final TransportState state;
    private final TransportInterrupts interrupts;
    private final DeviceConfig config;
    private final QueueNotifier notifier;

    /**
     * The registers.
     *
     * @param deviceFeatures the features of the device itself
     */
    LegacyRegisters(
            long deviceFeatures,
            TransportState state,
            TransportInterrupts interrupts,
            DeviceConfig config,
            QueueNotifier notifier) {
        // virtio 1.3 6.3: a transitional device must offer both
        this.offered = (deviceFeatures & ACCESSIBLE_FEATURES) | ANY_LAYOUT | UNUSED;
        this.state = state;
        this.interrupts = interrupts;
        this.config = config;
        this.notifier = notifier;
    }

    /** The number of ports that a device with so large a configuration takes. */
    static int size(int configSize) {
        int used = HEADER_SIZE_MSIX + configSize;
        return used == Integer.highestOneBit(used) ? used : Integer.highestOneBit(used) << 1;
    }

    /**
     * The device's own features that a legacy driver has accepted: those above bit 31 it never can (virtio 1.3
     * 4.1.4.10).
     */
    static long accepted(TransportState state, long deviceFeatures) {
        return state.driverFeatures & deviceFeatures & ACCESSIBLE_FEATURES;
    }

    /** virtio 1.3 4.1.4.10: while MSI-X is on, two registers more come before the device's configuration. */
    private int headerSize() {
        return interrupts.msixEnabled() ? HEADER_SIZE_MSIX : HEADER_SIZE;
    }

    @Override
    public long read(long offset, int size) {
        int at = (int) offset;
        if (at == ISR_STATUS && size == 1) {
            // The interrupt handler's, which does not wait for another processor's reset.
            return interrupts.readIsr();
        }
        synchronized (state) {
            int header = headerSize();
            if (at >= header) {
                return config.read(at - header, size);
            }
            long value = 0;
            for (int i = 0; i < size && at + i < header; i++) {
                value |= (long) registerByte(at + i) << (i * Byte.SIZE);
            }
            return value;
        }
    }

    private int registerByte(int at) {
        if (at == ISR_STATUS) {
            return interrupts.readIsr();
        }
        return (dword(at & ~3) >>> ((at & 3) * Byte.SIZE)) & 0xff;
    }

    private int dword(int offset) {
        Queue queue = state.selectedQueue();
        return switch (offset) {
            case DEVICE_FEATURES -> (int) offered;
            case DRIVER_FEATURES -> (int) state.driverFeatures;
            case QUEUE_ADDRESS -> queue == null ? 0 : (int) (queue.descriptorArea >>> PAGE_SHIFT);
            case QUEUE_SIZE -> (queue == null ? 0 : queue.size) | (state.queueSelect << Short.SIZE);
            case QUEUE_NOTIFY -> (state.status() & STATUS_BITS) << Short.SIZE;
            case CONFIG_MSIX_VECTOR -> interrupts.configVector() | (queueVector() << Short.SIZE);
            default -> 0;
        };
    }

    private int queueVector() {
        return state.selectedQueue() == null ? VirtioPciState.NO_VECTOR : interrupts.queueVector(state.queueSelect);
    }

    @Override
    public void write(long offset, int size, long value) {
        int at = (int) offset;
        if (at == QUEUE_NOTIFY) {
            notifyQueue((int) value & 0xffff);
            return;
        }
        synchronized (state) {
            int header = headerSize();
            if (at >= header) {
                config.write(at - header, size, value);
            } else if (at == DEVICE_STATUS) {
                writeStatus((int) value & 0xff);
            } else if (!isModernDriver()) {
                writeSetUp(at, (int) value);
            }
        }
    }

    /** virtio 1.3 2.2.3: true if VERSION_1 has been acknowledged, for good. */
    private boolean isModernDriver() {
        return state.has(TransportState.STATUS_FEATURES_OK);
    }

    private void writeSetUp(int at, int value) {
        switch (at) {
            case DRIVER_FEATURES -> writeFeatures(value & ACCESSIBLE_FEATURES);
            case QUEUE_ADDRESS -> writeQueueAddress(value & 0xffff_ffffL);
            case QUEUE_SELECT -> state.queueSelect = value & 0xffff;
            case CONFIG_MSIX_VECTOR -> interrupts.setConfigVector(value & 0xffff);
            case QUEUE_MSIX_VECTOR -> {
                if (state.selectedQueue() != null) {
                    interrupts.setQueueVector(state.queueSelect, value & 0xffff);
                }
            }
            default -> {}
        }
    }

    private void writeFeatures(long accepted) {
        // virtio 1.3 3.1.2: final on first use
        if (state.running()) {
            return;
        }
        // virtio 1.3 6.3: whoever accepts this bit does not negotiate, and means none of the others
        state.driverFeatures = (accepted & UNUSED) != 0 ? 0 : accepted & offered;
    }

    private void writeStatus(int value) {
        if (value == 0) {
            state.reset();
        } else if (!isModernDriver()) {
            state.addStatus(value & STATUS_BITS & ~state.status());
        }
    }

    private void writeQueueAddress(long pageFrame) {
        Queue queue = state.selectedQueue();
        if (queue == null) {
            return;
        }
        int vector = interrupts.queueVector(state.queueSelect);
        state.resetSelectedQueue();
        interrupts.setQueueVector(state.queueSelect, vector);
        if (pageFrame != 0) {
            // virtio 1.3 2.7.2
            queue.descriptorArea = pageFrame << PAGE_SHIFT;
            queue.driverArea = queue.descriptorArea + 16L * queue.size;
            long end = queue.driverArea + 2L * (3 + queue.size);
            queue.deviceArea = (end + PAGE_SIZE - 1) & -PAGE_SIZE;
            state.enableSelectedQueue();
        }
    }

    /** virtio 1.3 3.1.2: a legacy driver may use a queue before it sets DRIVER_OK. */
    private void notifyQueue(int index) {
        if (!state.running() && index < state.queues().size()) {
            synchronized (state) {
                if (state.queues().get(index).enabled && !isModernDriver()) {
                    state.start();
                }
            }
        }
        notifier.queueNotified(index);
    }
}
