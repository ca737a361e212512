package vmm.block;

import java.util.Locale;

/** Sizes as people write them: bytes, or a number with K, M, G or T for powers of 1024. */
public final class ByteSize {
    private static final String UNITS = "KMGT";
    private static final int STEP = 10;

    private ByteSize() {}

    /**
     * Reads {@code 512}, {@code 64K}, {@code 512M}, {@code 4G} or {@code 1T}, in either case, with {@code iB} or
     * {@code B} after the unit if one likes.
     *
     * @return bytes, 0 to 2^63 - 1
     * @throws IllegalArgumentException with a sentence for the user if {@code text} is anything else
     */
    public static long parse(String text) {
        String upper = text.strip().toUpperCase(Locale.ROOT);
        int digits = 0;
        while (digits < upper.length() && upper.charAt(digits) >= '0' && upper.charAt(digits) <= '9') {
            digits++;
        }
        int shift = shiftOf(upper.substring(digits));
        if (digits == 0 || shift < 0) {
            throw new IllegalArgumentException(
                    "'" + text + "' is no size: write a whole number of bytes, or one with K, M, G or T, as 512M.");
        }
        try {
            return Math.multiplyExact(Long.parseLong(upper, 0, digits, 10), 1L << shift);
        } catch (NumberFormatException | ArithmeticException e) {
            throw new IllegalArgumentException("'" + text + "' is too large: a size ends below 8388608T.", e);
        }
    }

    private static int shiftOf(String unit) {
        if (unit.isEmpty() || unit.equals("B")) {
            return 0;
        }
        int index = UNITS.indexOf(unit.charAt(0));
        String rest = unit.substring(1);
        return index >= 0 && (rest.isEmpty() || rest.equals("B") || rest.equals("IB")) ? STEP * (index + 1) : -1;
    }

    /**
     * The shortest exact form that {@link #parse} reads back: {@code 512M}, or bytes if no unit fits.
     *
     * @param bytes 0 or more
     */
    public static String format(long bytes) {
        int unit = Math.min(Long.numberOfTrailingZeros(bytes) / STEP, UNITS.length());
        return bytes == 0 || unit == 0
                ? Long.toString(bytes)
                : (bytes >> (unit * STEP)) + UNITS.substring(unit - 1, unit);
    }
}
