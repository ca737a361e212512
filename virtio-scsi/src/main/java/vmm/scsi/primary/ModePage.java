package vmm.scsi.primary;

import java.util.HexFormat;

/**
 * A mode page (SPC-5 7.5) as all logical units of a kind have it: its default values and which of its bits MODE SELECT
 * may change.
 *
 * @param name as the standard writes it
 * @param defaults the page from its page code on; not to be changed
 * @param changeable a 1 for each bit that can be changed, in the same places; not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // Nobody compares these; pages are told apart by their codes.
public record ModePage(String name, byte[] defaults, byte[] changeable) {
    /** SPF: the page has a subpage code and a length of two bytes. */
    private static final int SPF = 0x40;

    /**
     * A page, in hexadecimal digits.
     *
     * @param defaults the page from its page code on
     * @param changeable the same length, but for the bits that can be changed all zeros
     */
    public static ModePage of(String name, String defaults, String changeable) {
        HexFormat hex = HexFormat.ofDelimiter(" ");
        return new ModePage(name, hex.parseHex(defaults), hex.parseHex(changeable));
    }

    /** A page that cannot be changed. */
    public static ModePage fixed(String name, String defaults) {
        byte[] bytes = HexFormat.ofDelimiter(" ").parseHex(defaults);
        return new ModePage(name, bytes, new byte[bytes.length]);
    }

    /** The page code. */
    public int code() {
        return defaults[0] & 0x3f;
    }

    /** The subpage code, 0 for a page in page_0 format. */
    public int subpage() {
        return isSubpage(defaults, 0) ? defaults[1] & 0xff : 0;
    }

    /** How many bytes come before the first parameter. */
    int headerLength() {
        return isSubpage(defaults, 0) ? 4 : 2;
    }

    /** True if some bit can be changed. */
    boolean isChangeable() {
        for (byte bits : changeable) {
            if (bits != 0) {
                return true;
            }
        }
        return false;
    }

    /** The page with what can be changed as in {@code values}, which is as long, and the rest as by default. */
    byte[] changedTo(byte[] values) {
        byte[] result = defaults.clone();
        for (int i = headerLength(); i < result.length; i++) {
            result[i] = (byte) ((defaults[i] & ~changeable[i]) | (values[i] & changeable[i]));
        }
        return result;
    }

    /** True if the page at {@code offset} has a subpage code. */
    static boolean isSubpage(byte[] bytes, int offset) {
        return (bytes[offset] & SPF) != 0;
    }
}
