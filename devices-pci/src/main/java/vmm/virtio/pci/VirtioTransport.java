package vmm.virtio.pci;

import vmm.pci.PciIdentity;

/** By which interfaces a driver can use a virtio function on the PCI bus. */
public enum VirtioTransport {
    /** That of virtio 1.0 and later only: registers in memory, found by capabilities (virtio 1.3 4.1.4). */
    MODERN,
    /** Both; the driver chooses, anew after each reset. */
    TRANSITIONAL,
    /** That of virtio 0.9.5 only: registers in ports (virtio 1.3 4.1.4.10). */
    LEGACY;

    private static final int VENDOR_ID = 0x1af4;
    private static final int FIRST_MODERN_DEVICE_ID = 0x1040;
    private static final int MODERN_SUBSYSTEM_ID = 0x1100;
    private static final int CLASS_STORAGE = 0x01_00_00;
    private static final int CLASS_OTHER = 0x00_ff_00;
    private static final int TYPE_BLOCK = 2;
    private static final int TYPE_SCSI = 8;

    /** True if the function has the registers of virtio 1.0 and later. */
    public boolean isModern() {
        return this != LEGACY;
    }

    /** True if the function has the registers of virtio 0.9.5. */
    public boolean isLegacy() {
        return this != MODERN;
    }

    /**
     * What a function says it is.
     *
     * @param name for people
     * @param type the device type (virtio 1.3 5)
     * @throws IllegalArgumentException if there is no transitional device of that type and this has a legacy interface
     */
    PciIdentity identity(String name, int type) {
        int classCode = type == TYPE_BLOCK || type == TYPE_SCSI ? CLASS_STORAGE : CLASS_OTHER;
        return isLegacy()
                // virtio 1.3 4.1.2.3
                ? new PciIdentity(name, VENDOR_ID, transitionalDeviceId(type), 0, classCode, VENDOR_ID, type)
                // virtio 1.3 4.1.2.1
                : new PciIdentity(
                        name, VENDOR_ID, FIRST_MODERN_DEVICE_ID + type, 1, classCode, VENDOR_ID, MODERN_SUBSYSTEM_ID);
    }

    /** virtio 1.3 4.1.2, for storage. */
    private static int transitionalDeviceId(int type) {
        return switch (type) {
            case TYPE_BLOCK -> 0x1001;
            case TYPE_SCSI -> 0x1004;
            default ->
                throw new IllegalArgumentException("There is no transitional virtio device of type " + type + ".");
        };
    }
}
