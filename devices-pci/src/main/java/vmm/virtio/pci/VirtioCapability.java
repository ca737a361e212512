package vmm.virtio.pci;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The vendor-specific capabilities that say where the registers are (virtio 1.3 4.1.4). */
final class VirtioCapability {
    /** The capability identifier of all of them: vendor-specific. */
    static final int ID = 0x09;

    static final int COMMON_CFG = 1;
    static final int NOTIFY_CFG = 2;
    static final int ISR_CFG = 3;
    static final int DEVICE_CFG = 4;
    static final int PCI_CFG = 5;

    /** Where in struct virtio_pci_cap the fields are. */
    static final int BAR = 4;

    static final int OFFSET = 8;
    static final int LENGTH = 12;

    /** Where pci_cfg_data follows the struct in the PCI_CFG capability. */
    static final int PCI_CFG_DATA = 16;

    private static final int SIZE = 16;

    private VirtioCapability() {}

    /** A structure's place, as the bytes after the capability's identifier and link. */
    static byte[] structure(int type, int bar, int offset, int length) {
        return body(SIZE, type, bar, offset, length).array();
    }

    /** The notification structure's place: queue_notify_off counts in {@code multiplier} bytes. */
    static byte[] notify(int bar, int offset, int length, int multiplier) {
        return body(SIZE + 4, NOTIFY_CFG, bar, offset, length)
                .putInt(SIZE - 2, multiplier)
                .array();
    }

    /** The window for firmware that cannot reach a BAR; the driver fills it in. */
    static byte[] pciCfg() {
        return body(SIZE + 4, PCI_CFG, 0, 0, 0).array();
    }

    private static ByteBuffer body(int size, int type, int bar, int offset, int length) {
        // Two bytes, the identifier and the link, come before these.
        return ByteBuffer.allocate(size - 2)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(0, (byte) size)
                .put(1, (byte) type)
                .put(BAR - 2, (byte) bar)
                .putInt(OFFSET - 2, offset)
                .putInt(LENGTH - 2, length);
    }
}
