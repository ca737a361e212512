package vmm.virtio.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;

import vmm.bus.Bus;
import vmm.pci.ConfigPortDriver;
import vmm.pci.ConfigSpace;

/** The part of a guest's driver that talks to the transport, finding everything as a driver does. */
final class VirtioPciDriver {
    final ConfigPortDriver config;
    private final Bus mmio;
    private final int slot;
    final long common;
    final long isr;
    final long device;
    final long notify;
    final int notifyMultiplier;
    final int pciCfg;
    final int msix;
    final long msixTable;

    VirtioPciDriver(Bus ports, Bus mmio, int slot) {
        this.config = new ConfigPortDriver(ports);
        this.mmio = mmio;
        this.slot = slot;
        long[] structures = new long[6];
        int[] capabilities = new int[6];
        int msixAt = 0;
        int at = config.read(slot, 0, ConfigSpace.CAPABILITIES_POINTER, 1);
        while (at != 0) {
            switch (config.read(slot, 0, at, 1)) {
                case 0x09 -> {
                    int type = config.read(slot, 0, at + 3, 1);
                    capabilities[type] = at;
                    structures[type] =
                            bar(config.read(slot, 0, at + 4, 1)) + (config.read(slot, 0, at + 8, 4) & 0xffff_ffffL);
                }
                case 0x11 -> msixAt = at;
                default -> throw new AssertionError("An unknown capability at " + at);
            }
            at = config.read(slot, 0, at + 1, 1);
        }
        common = structures[1];
        notify = structures[2];
        isr = structures[3];
        device = structures[4];
        notifyMultiplier = config.read(slot, 0, capabilities[2] + 16, 4);
        pciCfg = capabilities[5];
        msix = msixAt;
        int table = config.read(slot, 0, msix + 4, 4);
        msixTable = bar(table & 7) + (table & ~7);
    }

    private long bar(int index) {
        int register = ConfigSpace.BASE_ADDRESS + 4 * index;
        int low = config.read(slot, 0, register, 4);
        long high = (low & 6) == 4 ? config.read(slot, 0, register + 4, 4) : 0;
        return (high << 32) | (low & 0xffff_fff0L);
    }

    long read(int offset, int size) {
        return mmio.read(common + offset, size);
    }

    void write(int offset, int size, long value) {
        mmio.write(common + offset, size, value);
    }

    long status() {
        return read(0x14, 1);
    }

    void setStatus(int value) {
        write(0x14, 1, value);
    }

    long offered() {
        write(0, 4, 0);
        long low = read(4, 4);
        write(0, 4, 1);
        return low | read(4, 4) << 32;
    }

    void accept(long features) {
        write(8, 4, 0);
        write(12, 4, features & 0xffff_ffffL);
        write(8, 4, 1);
        write(12, 4, features >>> 32);
    }

    void select(int queue) {
        write(0x16, 2, queue);
    }

    /** Sets queue {@code index} up with areas at addresses that follow from {@code base}. */
    void setUp(int index, int size, long base) {
        select(index);
        write(0x18, 2, size);
        write(0x20, 4, base & 0xffff_ffffL);
        write(0x24, 4, base >>> 32);
        write(0x28, 8, base + 0x1000);
        write(0x30, 4, (base + 0x2000) & 0xffff_ffffL);
        write(0x34, 4, (base + 0x2000) >>> 32);
        write(0x1c, 2, 1);
    }

    /** All the steps of virtio 1.3 3.1.1 with these features, and every queue at its largest. */
    void start(long features, int queues) {
        setStatus(0);
        setStatus(1);
        setStatus(3);
        accept(features);
        setStatus(11);
        assertEquals(11, status());
        for (int i = 0; i < queues; i++) {
            select(i);
            setUp(i, (int) read(0x18, 2), 0x10000L * (i + 1));
        }
        setStatus(15);
    }

    void enableMsix(int vectors) {
        for (int i = 0; i < vectors; i++) {
            mmio.write(msixTable + 16L * i, 4, 0xfee0_0000L);
            mmio.write(msixTable + 16L * i + 8, 4, 0x30 + i);
            mmio.write(msixTable + 16L * i + 12, 4, 0);
        }
        config.write(slot, 0, msix + 2, 2, 0x8000);
    }

    /** Reads by way of the PCI_CFG capability. */
    int readByWindow(int bar, int offset, int length) {
        aim(bar, offset, length);
        return config.read(slot, 0, pciCfg + 16, length);
    }

    /** Writes by way of the PCI_CFG capability. */
    void writeByWindow(int bar, int offset, int length, int value) {
        aim(bar, offset, length);
        config.write(slot, 0, pciCfg + 16, length, value);
    }

    private void aim(int bar, int offset, int length) {
        config.write(slot, 0, pciCfg + 4, 1, bar);
        config.write(slot, 0, pciCfg + 8, 4, offset);
        config.write(slot, 0, pciCfg + 12, 4, length);
    }
}
