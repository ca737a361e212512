package vmm.scsi;

import java.util.Optional;

/**
 * What a disk says of itself, all of it printable ASCII.
 *
 * @param vendor T10 vendor identification, up to 8 characters
 * @param product product identification, up to 16 characters
 * @param revision product revision level, up to 4 characters
 * @param serial serial number, up to {@value #MAX_SERIAL} characters, empty for none
 * @param wwn its world wide name, if it has one
 */
public record DiskIdentity(String vendor, String product, String revision, String serial, Optional<WorldWideName> wwn) {
    /** The longest serial number. With vendor and product it fits into one designator (SPC-5, T10 vendor ID). */
    public static final int MAX_SERIAL = 200;

    private static final long NAA_LOCALLY_ASSIGNED = 3;

    /** A disk without a serial number. */
    public static final DiskIdentity DEFAULT = new DiskIdentity("VMM", "VIRTUAL DISK", "0001", "", Optional.empty());

    /**
     * Checks each part.
     *
     * @throws IllegalArgumentException if a part is too long or not printable ASCII
     */
    public DiskIdentity {
        check("vendor", vendor, 8);
        check("product", product, 16);
        check("revision", revision, 4);
        check("serial", serial, MAX_SERIAL);
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
        return new DiskIdentity(vendor, product, revision, serial, Optional.of(localName(serial)));
    }

    /**
     * A locally assigned name (SPC-5 7.7.6.6.4).
     *
     * @param distinction what distinguishes a unit from others of the same vendor and product
     */
    public WorldWideName localName(String distinction) {
        long hash = NameHash.of(vendor + '\0' + product + '\0' + distinction);
        return WorldWideName.naa(NAA_LOCALLY_ASSIGNED << 60 | hash >>> 4);
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
}
