package vmm.scsi;

import java.util.HexFormat;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * A name that no other logical unit has, written as a SCSI name string is (SPC-5 7.7.6.11): {@code naa.} or
 * {@code eui.} and hexadecimal digits.
 *
 * @param authority who sees to it that there is no other
 * @param digits lower-case hexadecimal digits, as many as {@code authority} has names of
 */
public record WorldWideName(Authority authority, String digits) {
    /** By whose rules names are given. */
    public enum Authority {
        /** Name Address Authority (SPC-5 7.7.6.6): 8 bytes, or 16 if they are IEEE Registered Extended. */
        NAA("naa.", 3, "[235][0-9a-f]{15}|6[0-9a-f]{31}"),
        /** IEEE's 64-bit Extended Unique Identifier (SPC-5 7.7.6.5): 8, 12 or 16 bytes. */
        EUI_64("eui.", 2, "[0-9a-f]{16}|[0-9a-f]{24}|[0-9a-f]{32}");

        private final String prefix;
        private final int designatorType;
        private final String pattern;

        Authority(String prefix, int designatorType, String pattern) {
            this.prefix = prefix;
            this.designatorType = designatorType;
            this.pattern = pattern;
        }

        /** DESIGNATOR TYPE of the Device Identification page (SPC-5 7.7.6.1). */
        public int designatorType() {
            return designatorType;
        }
    }

    private static final int DIGITS_OF_NUMBER = 16;

    /**
     * Checks the digits.
     *
     * @throws IllegalArgumentException if the authority gives no such names
     */
    public WorldWideName {
        if (!digits.matches(authority.pattern)) {
            throw new IllegalArgumentException(authority.prefix + digits
                    + " is no world wide name: naa. has 16 hexadecimal digits that begin with 2, 3 or 5, or 32 that begin"
                    + " with 6, and eui. has 16, 24 or 32.");
        }
    }

    /**
     * Reads a name. {@code 0x}, or nothing, in front of the digits stands for {@code naa.}.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static WorldWideName parse(String text) {
        String name = text.toLowerCase(Locale.ROOT);
        for (Authority authority : Authority.values()) {
            if (name.startsWith(authority.prefix)) {
                return new WorldWideName(authority, name.substring(authority.prefix.length()));
            }
        }
        return new WorldWideName(Authority.NAA, name.startsWith("0x") ? name.substring(2) : name);
    }

    /**
     * The NAA designator of 8 bytes that is this number.
     *
     * @throws IllegalArgumentException if its first four bits are none of 2, 3 and 5
     */
    public static WorldWideName naa(long number) {
        return new WorldWideName(Authority.NAA, HexFormat.of().toHexDigits(number));
    }

    /** The number that an NAA designator of 8 bytes is, as QEMU and libvirt write it; other names are none. */
    public OptionalLong number() {
        return authority == Authority.NAA && digits.length() == DIGITS_OF_NUMBER
                ? OptionalLong.of(HexFormat.fromHexDigitsToLong(digits))
                : OptionalLong.empty();
    }

    /** The designator (SPC-5 7.7.6), 8 to 16 bytes. */
    public byte[] designator() {
        return HexFormat.of().parseHex(digits);
    }

    /** The SCSI name string, its digits in upper case. */
    public String nameString() {
        return authority.prefix + digits.toUpperCase(Locale.ROOT);
    }

    /** As people write it. */
    @Override
    public String toString() {
        return authority.prefix + digits;
    }
}
