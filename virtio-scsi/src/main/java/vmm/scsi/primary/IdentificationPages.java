package vmm.scsi.primary;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import vmm.scsi.DiskIdentity;
import vmm.scsi.ParameterData;

/** The vital product data by which a {@link PrimaryUnit} is known from all others (SPC-5 7.7). */
public final class IdentificationPages {
    /** Unit Serial Number; spaces where there is no serial number. */
    public static final VpdPage<PrimaryNexus> UNIT_SERIAL_NUMBER =
            new VpdPage<>(0x80, IdentificationPages::unitSerialNumber);

    /** Device Identification: names of the logical unit, and of the target port by which it was asked. */
    public static final VpdPage<PrimaryNexus> DEVICE_IDENTIFICATION =
            new VpdPage<>(0x83, IdentificationPages::deviceIdentification);

    private static final int UNKNOWN_SERIAL_LENGTH = 8;

    // Designators: CODE SET, then DESIGNATOR TYPE
    private static final int BINARY = 1;
    private static final int ASCII = 2;
    private static final int UTF_8 = 3;
    private static final int T10_VENDOR_ID = 1;
    private static final int NAA = 3;
    private static final int RELATIVE_TARGET_PORT = 4;
    private static final int TARGET_PORT_GROUP = 5;
    private static final int SCSI_NAME_STRING = 8;

    /** ASSOCIATION: the designator is the target port's. */
    private static final int OF_TARGET_PORT = 1 << 4;

    private IdentificationPages() {}

    private static void unitSerialNumber(PrimaryNexus nexus, ParameterData data) {
        String serial = nexus.unit().identity().serial();
        data.ascii(serial, serial.isEmpty() ? UNKNOWN_SERIAL_LENGTH : serial.length());
    }

    private static void deviceIdentification(PrimaryNexus nexus, ParameterData data) {
        PrimaryUnit unit = nexus.unit();
        byte[] name = worldWideName(unit);
        if (name.length > 0) {
            data.u8(BINARY).u8(NAA).u8(0).u8(name.length).bytes(name);
        }

        String t10 = t10Name(unit);
        data.u8(ASCII).u8(T10_VENDOR_ID).u8(0).u8(t10.length()).ascii(t10, t10.length());

        int port = nexus.initiator().target().relativePort();
        data.u8(BINARY).u8(OF_TARGET_PORT | RELATIVE_TARGET_PORT).u8(0).u8(4);
        data.u16(0).u16(port);
        data.u8(BINARY).u8(OF_TARGET_PORT | TARGET_PORT_GROUP).u8(0).u8(4);
        data.u16(0).u16(PrimaryUnit.TARGET_PORT_GROUP);

        if (name.length > 0) {
            writeNameString(name, data);
        }
    }

    /** The SCSI name string: the NAA designator in UTF-8, with a null at least behind it. */
    private static void writeNameString(byte[] name, ParameterData data) {
        String text = "naa." + HexFormat.of().withUpperCase().formatHex(name);
        int length = (text.length() + 4) / 4 * 4;
        data.u8(UTF_8).u8(SCSI_NAME_STRING).u8(0).u8(length);
        data.bytes(text.getBytes(StandardCharsets.UTF_8)).zeros(length - text.length());
    }

    /**
     * True if the Device Identification page has such a designator of {@code unit}.
     *
     * @param type DESIGNATOR TYPE
     */
    public static boolean isNamed(PrimaryUnit unit, int type, byte[] designator) {
        byte[] own = switch (type) {
            case NAA -> worldWideName(unit);
            case T10_VENDOR_ID -> t10Name(unit).getBytes(StandardCharsets.US_ASCII);
            default -> new byte[0];
        };
        return own.length > 0 && Arrays.equals(own, designator);
    }

    /** The T10 vendor ID designator: the product identification and a serial number make it one of a kind. */
    private static String t10Name(PrimaryUnit unit) {
        DiskIdentity identity = unit.identity();
        String unique = identity.serial().isEmpty() ? HexFormat.of().formatHex(worldWideName(unit)) : identity.serial();
        return "%-8s%-16s%s".formatted(identity.vendor(), identity.product(), unique);
    }

    /**
     * The NAA designator: the one that was given; or one of our own that stays the same as long as the unit is the same
     * one; or none, if the unit has a serial number. That is a name enough (T10 vendor ID), and guests that prefer an
     * NAA designator would hide it: Linux makes its names in {@code /dev/disk/by-id} of one of the two.
     */
    private static byte[] worldWideName(PrimaryUnit unit) {
        DiskIdentity identity = unit.identity();
        if (!identity.wwn().isEmpty()) {
            return HexFormat.of().parseHex(identity.wwn());
        }
        if (!identity.serial().isEmpty()) {
            return new byte[0];
        }
        return HexFormat.of().parseHex(identity.localName(unit.distinction()));
    }
}
