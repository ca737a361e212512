package vmm.virtio.pci;

import vmm.bus.BusDevice;
import vmm.pci.ConfigSpace;

/**
 * The VIRTIO_PCI_CAP_PCI_CFG capability (virtio 1.3 4.1.4.9): reaches the registers of a BAR through configuration
 * space. Under the lock of the bus.
 */
final class ConfigWindow {
    private final ConfigSpace config;
    private final int capability;
    private final BusDevice registers;

    ConfigWindow(ConfigSpace config, int capability, BusDevice registers) {
        this.config = config;
        this.capability = capability;
        this.registers = registers;
        config.define(capability + VirtioCapability.BAR, 1, 0, 0xff);
        config.define(capability + VirtioCapability.OFFSET, 4, 0, -1);
        config.define(capability + VirtioCapability.LENGTH, 4, 0, -1);
        config.define(data(), 4, 0, -1);
    }

    private int data() {
        return capability + VirtioCapability.PCI_CFG_DATA;
    }

    private boolean touchesData(int offset, int size) {
        return offset <= data() && data() < offset + size;
    }

    /** Fetches the register that the window shows, if that is about to be read. */
    void reading(int offset, int size) {
        if (touchesData(offset, size) && valid()) {
            config.set(data(), 4, (int) registers.read(target(), length()));
        }
    }

    /** Passes on what was written to the window. */
    void written(int offset, int size) {
        if (touchesData(offset, size) && valid()) {
            long value = config.read(data(), 4) & (0xffff_ffffL >>> (Integer.SIZE - length() * Byte.SIZE));
            registers.write(target(), length(), value);
        }
    }

    private int target() {
        return config.read(capability + VirtioCapability.OFFSET, 4);
    }

    private int length() {
        return config.read(capability + VirtioCapability.LENGTH, 4);
    }

    /** virtio 1.3 4.1.4.9.1: 1, 2 or 4 bytes at a multiple of as many, inside a structure of the device. */
    private boolean valid() {
        int length = length();
        int target = target();
        return config.read(capability + VirtioCapability.BAR, 1) == VirtioPciFunction.REGISTER_BAR
                && (length == 1 || length == 2 || length == 4)
                && target % length == 0
                && target >= 0
                && target <= ModernRegisters.SIZE - length;
    }
}
