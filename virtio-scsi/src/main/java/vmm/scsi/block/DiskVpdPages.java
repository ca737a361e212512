package vmm.scsi.block;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import vmm.scsi.BigEndian;
import vmm.scsi.DiskIdentity;
import vmm.scsi.ItlNexus;
import vmm.scsi.ParameterData;
import vmm.scsi.copy.ThirdPartyCopy;
import vmm.scsi.primary.PrimaryUnit;
import vmm.scsi.primary.PrimaryVpdPages;
import vmm.scsi.primary.VpdPage;

/** The vital product data of a disk. */
final class DiskVpdPages {
    /** In ascending order. */
    static final List<VpdPage<DiskNexus>> ALL = Stream.concat(
                    Stream.of(
                            new VpdPage<DiskNexus>(0x80, DiskVpdPages::unitSerialNumber),
                            new VpdPage<DiskNexus>(0x83, DiskVpdPages::deviceIdentification),
                            PrimaryVpdPages.MANAGEMENT_NETWORK_ADDRESSES.<DiskNexus>as(),
                            PrimaryVpdPages.EXTENDED_INQUIRY_DATA.<DiskNexus>as(),
                            PrimaryVpdPages.MODE_PAGE_POLICY.<DiskNexus>as(),
                            PrimaryVpdPages.POWER_CONDITION.<DiskNexus>as(),
                            new VpdPage<DiskNexus>(0x8f, ThirdPartyCopy::vitalProductData)),
                    BlockVpdPages.ALL.stream())
            .toList();

    private static final int UNKNOWN_SERIAL_LENGTH = 8;

    // Designators (SPC-5): CODE SET, then DESIGNATOR TYPE
    private static final int BINARY = 1;
    private static final int ASCII = 2;
    private static final int T10_VENDOR_ID = 1;
    private static final int NAA = 3;
    private static final int RELATIVE_TARGET_PORT = 4;
    private static final int TARGET_PORT_GROUP = 5;
    private static final int SCSI_NAME_STRING = 8;
    private static final int UTF_8 = 3;

    /** ASSOCIATION: the designator is the target port's. */
    private static final int OF_TARGET_PORT = 1 << 4;

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
        byte[] name = worldWideName(disk);
        data.u8(BINARY).u8(NAA).u8(0).u8(name.length).bytes(name);

        String t10 = t10Name(disk);
        data.u8(ASCII).u8(T10_VENDOR_ID).u8(0).u8(t10.length()).ascii(t10, t10.length());

        int port = nexus.initiator().target().relativePort();
        data.u8(BINARY).u8(OF_TARGET_PORT | RELATIVE_TARGET_PORT).u8(0).u8(4);
        data.u16(0).u16(port);
        data.u8(BINARY).u8(OF_TARGET_PORT | TARGET_PORT_GROUP).u8(0).u8(4);
        data.u16(0).u16(PrimaryUnit.TARGET_PORT_GROUP);

        writeNameString(name, data);
    }

    /** SPC-5, SCSI name string: the NAA designator in UTF-8, with a null at least behind it. */
    private static void writeNameString(byte[] name, ParameterData data) {
        String text = "naa." + HexFormat.of().withUpperCase().formatHex(name);
        int length = (text.length() + 4) / 4 * 4;
        data.u8(UTF_8).u8(SCSI_NAME_STRING).u8(0).u8(length);
        data.bytes(text.getBytes(StandardCharsets.UTF_8)).zeros(length - text.length());
    }

    /** True if the Device Identification page has such a designator. */
    static boolean isNamed(ScsiDisk disk, int type, byte[] designator) {
        byte[] own = switch (type) {
            case NAA -> worldWideName(disk);
            case T10_VENDOR_ID -> t10Name(disk).getBytes(StandardCharsets.US_ASCII);
            default -> new byte[0];
        };
        return own.length > 0 && Arrays.equals(own, designator);
    }

    /** The T10 vendor ID designator (SPC-5): the product identification and a serial number make it one of a kind. */
    private static String t10Name(ScsiDisk disk) {
        DiskIdentity identity = disk.identity();
        String unique = identity.serial().isEmpty() ? HexFormat.of().formatHex(worldWideName(disk)) : identity.serial();
        return "%-8s%-16s%s".formatted(identity.vendor(), identity.product(), unique);
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
}
