package vmm.launcher;

import java.util.Collection;
import java.util.Optional;

/** Finds the word that someone most likely meant. */
final class Nearest {
    /** More slips than this in a word, and it was another word. */
    private static final int MOST_SLIPS = 3;

    private Nearest() {}

    /** The word of {@code known} that is closest to {@code word}, if any is close. */
    static Optional<String> to(String word, Collection<String> known) {
        Optional<String> best = Optional.empty();
        int fewest = Math.min(MOST_SLIPS, Math.max(1, word.length() / 2)) + 1;
        for (String candidate : known) {
            int slips = distance(word, candidate);
            if (slips < fewest) {
                fewest = slips;
                best = Optional.of(candidate);
            }
        }
        return best;
    }

    /** Levenshtein's distance: how many letters to add, drop or change. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(changed, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}
