package vmm.virtio.pci;

import vmm.virtio.VirtioDevice;

/**
 * The device's configuration space behind any interface: reads past its end give zeros, and writes there are dropped.
 * Under the lock of the transport.
 */
final class DeviceConfig {
    private final VirtioDevice device;

    DeviceConfig(VirtioDevice device) {
        this.device = device;
    }

    int size() {
        return device.configSize();
    }

    long read(int offset, int size) {
        if (offset + size <= device.configSize()) {
            return device.readConfig(offset, size);
        }
        long value = 0;
        for (int i = 0; i < size && offset + i < device.configSize(); i++) {
            value |= (device.readConfig(offset + i, 1) & 0xff) << (i * Byte.SIZE);
        }
        return value;
    }

    void write(int offset, int size, long value) {
        if (offset + size <= device.configSize()) {
            device.writeConfig(offset, size, value);
        }
    }
}
