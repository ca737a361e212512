package vmm.scsi;

import java.util.HexFormat;
import java.util.Locale;

/**
 * What a disk says of itself, all of it printable ASCII.
 *
 * @param vendor T10 vendor identification, up to 8 characters
 * @param product product identification, up to 16 characters
 * @param revision product revision level, up to 4 characters
 * @param serial serial number, up to {@value #MAX_SERIAL} characters, empty for none
 * @param wwn world wide name in lower-case hexadecimal (16 digits that begin with 2, 3 or 5, or 32 that begin with 6:
 *     an NAA designator, SPC-5), empty for none
 */
public record DiskIdentity(String vendor, String product, String revision, String serial, String wwn) {
    /** The longest serial number. With vendor and product it fits into one designator (SPC-5, T10 vendor ID). */
    public static final int MAX_SERIAL = 200;

    private static final long NAA_LOCALLY_ASSIGNED = 3;

    /** A disk without a serial number. */
    public static final DiskIdentity DEFAULT = new DiskIdentity("VMM", "VIRTUAL DISK", "0001", "", "");

    /**
     * Checks each part and brings {@code wwn} into its one form: {@code 0x} and {@code naa.} in front are left out.
     *
     * @throws IllegalArgumentException if a part is too long, not printable ASCII or no world wide name
     */
    public DiskIdentity {
        check("vendor", vendor, 8);
        check("product", product, 16);
        check("revision", revision, 4);
        check("serial", serial, MAX_SERIAL);
        wwn = normalize(wwn);
    }

    /** The same with another serial number. */
    public DiskIdentity withSerial(String other) {
        return new DiskIdentity(vendor, product, revision, other, wwn);
    }

    /**
     * The same with a world wide name that is made of all the others: locally assigned (SPC-5), and no other as long as
     * they stay.
     */
    public DiskIdentity withLocalName() {
        return new DiskIdentity(vendor, product, revision, serial, localName(serial));
    }

    /**
     * A locally assigned name, in the form of {@link #wwn}.
     *
     * @param distinction what distinguishes a unit from others of the same vendor and product
     */
    public String localName(String distinction) {
        long hash = NameHash.of(vendor + '\0' + product + '\0' + distinction);
        return HexFormat.of().toHexDigits(NAA_LOCALLY_ASSIGNED << 60 | hash >>> 4);
    }

    private static void check(String part, String text, int longest) {
        if (text.length() > longest) {
            throw new IllegalArgumentException(
                    part + "=" + text + " is longer than the " + longest + " characters that SCSI has room for.");
        }
        if (!text.chars().allMatch(c -> c >= 0x20 && c <= 0x7e)) {
            throw new IllegalArgumentException(part + "=" + text + " has a character that is not printable ASCII.");
        }
    }

    private static String normalize(String text) {
        String digits = text.toLowerCase(Locale.ROOT);
        if (digits.startsWith("0x")) {
            digits = digits.substring(2);
        } else if (digits.startsWith("naa.")) {
            digits = digits.substring(4);
        }
        if (!digits.isEmpty() && !digits.matches("[235][0-9a-f]{15}|6[0-9a-f]{31}")) {
            throw new IllegalArgumentException(
                    "wwn=" + text
                            + " is no world wide name: 16 hexadecimal digits that begin with 2, 3 or 5, or 32 that begin with 6.");
        }
        return digits;
    }
}
