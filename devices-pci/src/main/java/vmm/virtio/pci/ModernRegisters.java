package vmm.virtio.pci;

import vmm.bus.BusDevice;

/**
 * The register BAR of the modern interface: the structures that the function's capabilities point to (virtio 1.3
 * 4.1.4).
 */
final class ModernRegisters implements BusDevice {
    static final int SIZE = 0x4000;
    static final int STRUCTURE_SIZE = 0x1000;
    static final int COMMON = 0x0000;
    static final int ISR = 0x1000;
    static final int DEVICE = 0x2000;
    static final int NOTIFY = 0x3000;
    static final int NOTIFY_MULTIPLIER = 4;

    /** The number of queues that fit in the notification structure. */
    static final int MAX_QUEUES = STRUCTURE_SIZE / NOTIFY_MULTIPLIER;

    private final TransportState state;
    private final CommonConfig common;
    private final TransportInterrupts interrupts;
    private final DeviceConfig config;
    private final QueueNotifier notifier;

    ModernRegisters(
            TransportState state,
            CommonConfig common,
            TransportInterrupts interrupts,
            DeviceConfig config,
            QueueNotifier notifier) {
        this.state = state;
        this.common = common;
        this.interrupts = interrupts;
        this.config = config;
        this.notifier = notifier;
    }

    @Override
    public long read(long offset, int size) {
        int at = (int) offset % STRUCTURE_SIZE;
        return switch ((int) offset - at) {
            case COMMON -> {
                synchronized (state) {
                    yield common.read(at, size);
                }
            }
            case ISR -> at == 0 ? interrupts.readIsr() : 0;
            case DEVICE -> {
                synchronized (state) {
                    yield config.read(at, size);
                }
            }
            default -> 0;
        };
    }

    @Override
    public void write(long offset, int size, long value) {
        int at = (int) offset % STRUCTURE_SIZE;
        switch ((int) offset - at) {
            case COMMON -> {
                synchronized (state) {
                    common.write(at, size, value);
                }
            }
            case DEVICE -> {
                synchronized (state) {
                    config.write(at, size, value);
                }
            }
            case NOTIFY -> notifier.queueNotified(at / NOTIFY_MULTIPLIER);
            default -> {}
        }
    }
}
