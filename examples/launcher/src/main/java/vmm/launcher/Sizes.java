package vmm.launcher;

import java.util.Locale;
import vmm.machine.ConfigurationException;

/** Sizes as people write them: {@code 512M}, {@code 4GiB}. Units are powers of 1024. */
final class Sizes {
    private static final String UNITS = "BKMGT";

    private Sizes() {}

    /**
     * A size in bytes.
     *
     * @param what whose size it is, for sentences: {@code --memory}
     * @param plainUnit the unit of a number without one, of B, K, M, G, T
     * @throws ConfigurationException if it is none
     */
    static long parse(String what, String text, char plainUnit) {
        int digits = 0;
        while (digits < text.length() && text.charAt(digits) >= '0' && text.charAt(digits) <= '9') {
            digits++;
        }
        char unit = switch (text.substring(digits).toUpperCase(Locale.ROOT)) {
            case "" -> plainUnit;
            case "B" -> 'B';
            case "K", "KB", "KIB" -> 'K';
            case "M", "MB", "MIB" -> 'M';
            case "G", "GB", "GIB" -> 'G';
            case "T", "TB", "TIB" -> 'T';
            default -> '?';
        };
        int scale = UNITS.indexOf(unit);
        if (digits == 0 || scale < 0) {
            throw new ConfigurationException(what + " takes a size such as 512M or 4G, not " + text + ".");
        }
        try {
            return Math.multiplyExact(Long.parseLong(text.substring(0, digits)), 1L << (10 * scale));
        } catch (ArithmeticException | NumberFormatException tooLarge) {
            throw new ConfigurationException(
                    what + " is larger than any size can be: " + text + "; write for example 4G.");
        }
    }
}
