package vmm.domain;

/** Names of disks as Linux gives them and libvirt orders them: sda to sdz, then sdaa. */
final class DiskNames {
    private static final int LETTERS = 26;
    private static final int PREFIX = 2;

    /** Larger numbers than any machine has disks are no numbers. */
    private static final int LONGEST = 6;

    private DiskNames() {}

    /** The number that the letters behind {@code sd} or {@code vd} mean, from 0; -1 if they mean none. */
    static int number(String name) {
        if (!name.matches("[sv]d[a-z]+") || name.length() > LONGEST) {
            return -1;
        }
        int number = 0;
        for (char letter : name.substring(PREFIX).toCharArray()) {
            number = number * LETTERS + (letter - 'a' + 1);
        }
        return number - 1;
    }

    /**
     * The name with that number.
     *
     * @param prefix {@code sd} or {@code vd}
     */
    static String of(String prefix, int number) {
        StringBuilder letters = new StringBuilder();
        for (int rest = number + 1; rest > 0; rest = (rest - 1) / LETTERS) {
            letters.insert(0, (char) ('a' + (rest - 1) % LETTERS));
        }
        return prefix + letters;
    }
}
