package vmm.launcher;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Facts for people, in columns. One thread. */
final class Table {
    private final List<String[]> rows = new ArrayList<>();

    /** A table with the names of its columns. */
    Table(String... names) {
        rows.add(names);
    }

    /** Adds a row of as many texts as there are columns. */
    void add(Object... texts) {
        rows.add(Arrays.stream(texts).map(String::valueOf).toArray(String[]::new));
    }

    @Override
    public String toString() {
        int[] widths = new int[rows.getFirst().length];
        for (String[] row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (String[] row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                line.append(row[i]).repeat(" ", widths[i] - row[i].length() + 2);
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString().stripTrailing();
    }
}
