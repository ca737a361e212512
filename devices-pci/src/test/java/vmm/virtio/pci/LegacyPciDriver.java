package vmm.virtio.pci;

import vmm.bus.Bus;
import vmm.pci.ConfigPortDriver;
import vmm.pci.ConfigSpace;

/** The part of a legacy guest's driver that talks to the transport: it goes by BAR 0 and asks no capability. */
final class LegacyPciDriver {
    static final int FEATURES = 0;
    static final int ACCEPTED = 4;
    static final int ADDRESS = 8;
    static final int SIZE = 12;
    static final int SELECT = 14;
    static final int NOTIFY = 16;
    static final int STATUS = 18;
    static final int ISR = 19;
    static final int CONFIG_VECTOR = 20;
    static final int QUEUE_VECTOR = 22;

    private static final int CAPABILITY_MSIX = 0x11;

    final ConfigPortDriver config;
    private final Bus ports;
    private final int slot;
    final long base;

    LegacyPciDriver(Bus ports, int slot) {
        this.config = new ConfigPortDriver(ports);
        this.ports = ports;
        this.slot = slot;
        int bar = config.read(slot, 0, ConfigSpace.BASE_ADDRESS, 4);
        if ((bar & 1) == 0) {
            throw new AssertionError("BAR 0 is not in ports.");
        }
        base = bar & ~3;
    }

    long read(int offset, int size) {
        return ports.read(base + offset, size);
    }

    void write(int offset, int size, long value) {
        ports.write(base + offset, size, value);
    }

    int status() {
        return (int) read(STATUS, 1);
    }

    void setStatus(int value) {
        write(STATUS, 1, value);
    }

    void select(int queue) {
        write(SELECT, 2, queue);
    }

    /** Puts queue {@code index} at a page. */
    void place(int index, long pageFrame) {
        select(index);
        write(ADDRESS, 4, pageFrame);
    }

    void notifyQueue(int index) {
        write(NOTIFY, 2, index);
    }

    /** All the steps that a legacy driver takes, with these features and the first queues at pages of their own. */
    void start(long features, int queues) {
        setStatus(0);
        setStatus(1);
        setStatus(3);
        write(ACCEPTED, 4, features);
        for (int i = 0; i < queues; i++) {
            place(i, 0x10L * (i + 1));
        }
        setStatus(7);
    }

    /** Turns MSI-X on or off. */
    void setMsix(boolean on) {
        int at = config.read(slot, 0, ConfigSpace.CAPABILITIES_POINTER, 1);
        while (config.read(slot, 0, at, 1) != CAPABILITY_MSIX) {
            at = config.read(slot, 0, at + 1, 1);
        }
        config.write(slot, 0, at + 2, 2, on ? 0x8000 : 0);
    }
}
