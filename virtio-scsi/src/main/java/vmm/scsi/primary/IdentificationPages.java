package vmm.scsi.primary;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import vmm.scsi.DiskIdentity;
import vmm.scsi.ParameterData;
import vmm.scsi.WorldWideName;

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
        Optional<WorldWideName> name = worldWideName(unit);
        if (name.isPresent()) {
            byte[] designator = name.get().designator();
            data.u8(BINARY).u8(name.get().authority().designatorType()).u8(0).u8(designator.length);
            data.bytes(designator);
        }

        String t10 = t10Name(unit);
        data.u8(ASCII).u8(T10_VENDOR_ID).u8(0).u8(t10.length()).ascii(t10, t10.length());

        int port = nexus.initiator().target().relativePort();
        data.u8(BINARY).u8(OF_TARGET_PORT | RELATIVE_TARGET_PORT).u8(0).u8(4);
        data.u16(0).u16(port);
        data.u8(BINARY).u8(OF_TARGET_PORT | TARGET_PORT_GROUP).u8(0).u8(4);
        data.u16(0).u16(PrimaryUnit.TARGET_PORT_GROUP);

        if (name.isPresent()) {
            writeNameString(name.get().nameString(), data);
        }
    }

    /** The world wide name once more, in UTF-8 with a null at least behind it. */
    private static void writeNameString(String text, ParameterData data) {
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
        if (type == T10_VENDOR_ID) {
            return Arrays.equals(t10Name(unit).getBytes(StandardCharsets.US_ASCII), designator);
        }
        return worldWideName(unit)
                .filter(name -> name.authority().designatorType() == type)
                .filter(name -> Arrays.equals(name.designator(), designator))
                .isPresent();
    }

    /** The T10 vendor ID designator: the product identification and a serial number make it one of a kind. */
    private static String t10Name(PrimaryUnit unit) {
        DiskIdentity identity = unit.identity();
        String unique = identity.serial().isEmpty()
                ? worldWideName(unit).map(WorldWideName::digits).orElse("")
                : identity.serial();
        return "%-8s%-16s%s".formatted(identity.vendor(), identity.product(), unique);
    }

    /**
     * The name that was given; or an NAA of our own that stays the same as long as the unit is the same one; or none,
     * if the unit has a serial number. That is a name enough (T10 vendor ID), and guests that prefer world wide names
     * would hide it: Linux makes its names in {@code /dev/disk/by-id} of one of the two.
     */
    private static Optional<WorldWideName> worldWideName(PrimaryUnit unit) {
        DiskIdentity identity = unit.identity();
        return identity.wwn().isPresent() || !identity.serial().isEmpty()
                ? identity.wwn()
                : Optional.of(identity.localName(unit.distinction()));
    }
}
