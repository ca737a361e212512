package vmm.pci;

/**
 * What a function says it is (PCI 3.0 6.2.1).
 *
 * @param name for people, as "virtio-blk"
 * @param vendorId 16 bits
 * @param deviceId 16 bits
 * @param revision 8 bits
 * @param classCode 24 bits: base class, sub-class, programming interface
 * @param subsystemVendorId 16 bits
 * @param subsystemId 16 bits
 */
public record PciIdentity(
        String name, int vendorId, int deviceId, int revision, int classCode, int subsystemVendorId, int subsystemId) {}
