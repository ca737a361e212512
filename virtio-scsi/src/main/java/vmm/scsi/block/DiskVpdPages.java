package vmm.scsi.block;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import vmm.scsi.BigEndian;
import vmm.scsi.DiskIdentity;
import vmm.scsi.ItlNexus;
import vmm.scsi.ParameterData;
import vmm.scsi.primary.VpdPage;

/** The vital product data of a disk. */
final class DiskVpdPages {
    /** In ascending order. */
    static final List<VpdPage<DiskNexus>> ALL = List.of(
            new VpdPage<>(0x80, DiskVpdPages::unitSerialNumber),
            new VpdPage<>(0x83, DiskVpdPages::deviceIdentification),
            new VpdPage<>(0xb0, DiskVpdPages::blockLimits),
            new VpdPage<>(0xb1, DiskVpdPages::blockDeviceCharacteristics),
            new VpdPage<>(0xb2, DiskVpdPages::logicalBlockProvisioning));

    private static final int UNKNOWN_SERIAL_LENGTH = 8;

    // Designators (SPC-5): CODE SET, then DESIGNATOR TYPE, both of the logical unit
    private static final int BINARY = 1;
    private static final int ASCII = 2;
    private static final int T10_VENDOR_ID = 1;
    private static final int NAA = 3;

    private static final long NAA_LOCALLY_ASSIGNED = 3;

    private DiskVpdPages() {}

    /** Unit Serial Number page (SPC-5); spaces where there is no serial number. */
    private static void unitSerialNumber(ItlNexus nexus, ParameterData data) {
        String serial = nexus.unit().identity().serial();
        data.ascii(serial, serial.isEmpty() ? UNKNOWN_SERIAL_LENGTH : serial.length());
    }

    /** Device Identification page (SPC-5). */
    private static void deviceIdentification(DiskNexus nexus, ParameterData data) {
        ScsiDisk disk = nexus.unit();
        DiskIdentity identity = disk.identity();
        byte[] name = worldWideName(disk);
        data.u8(BINARY).u8(NAA).u8(0).u8(name.length).bytes(name);

        // SPC-5, T10 vendor ID: the product identification and a serial number make it one of a kind
        String unique = identity.serial().isEmpty() ? HexFormat.of().formatHex(name) : identity.serial();
        data.u8(ASCII).u8(T10_VENDOR_ID).u8(0).u8(8 + 16 + unique.length());
        data.ascii(identity.vendor(), 8).ascii(identity.product(), 16).ascii(unique, unique.length());
    }

    /**
     * The NAA designator (SPC-5): the one that was given, or one of our own that stays the same as long as the disk is
     * the same one.
     */
    private static byte[] worldWideName(ScsiDisk disk) {
        DiskIdentity identity = disk.identity();
        if (!identity.wwn().isEmpty()) {
            return HexFormat.of().parseHex(identity.wwn());
        }
        String distinct = identity.serial().isEmpty() ? disk.medium().name() : identity.serial();
        long hash = fnv1a(identity.vendor() + '\0' + identity.product() + '\0' + distinct);
        byte[] name = new byte[Long.BYTES];
        BigEndian.put64(name, 0, NAA_LOCALLY_ASSIGNED << 60 | hash >>> 4);
        return name;
    }

    /** The 64-bit FNV-1a hash. */
    private static long fnv1a(String text) {
        long hash = 0xcbf29ce484222325L;
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
        }
        return hash;
    }

    /** Block Limits page (SBC-4 6.6.4): no limits, and none of the commands that have some. */
    private static void blockLimits(DiskNexus nexus, ParameterData data) {
        data.zeros(2);
        // OPTIMAL TRANSFER LENGTH GRANULARITY: a physical block
        data.u16(1 << nexus.unit().geometry().physicalExponent());
        data.zeros(0x3c - 4);
    }

    /** Block Device Characteristics page (SBC-4). */
    private static void blockDeviceCharacteristics(ItlNexus nexus, ParameterData data) {
        int nonRotating = 1;
        data.u16(nonRotating).zeros(0x3c - 2);
    }

    /** Logical Block Provisioning page (SBC-4): fully provisioned. */
    private static void logicalBlockProvisioning(ItlNexus nexus, ParameterData data) {
        data.zeros(4);
    }
}
