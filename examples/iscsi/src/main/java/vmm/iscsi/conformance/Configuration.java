package vmm.iscsi.conformance;

import java.util.Locale;
import java.util.Optional;

/** What the logical unit is like: tests that need something special skip themselves on others. */
enum Configuration {
    /** Thinly provisioned, one logical block in a physical one. */
    THIN(true, ""),
    /** Fully provisioned. */
    PLAIN(false, ""),
    /** Thinly provisioned, 8 logical blocks in a physical one. */
    PHYSICAL_BLOCKS(true, ",physical-block=4096"),
    REMOVABLE(true, ",removable"),
    READ_ONLY(true, ",readonly"),
    LARGE_BLOCKS(true, ",logical-block=4096"),
    /** So slow that what concerns all blocks takes some seconds. */
    SLOW(true, "");

    private final boolean inFile;
    private final String options;

    Configuration(boolean inFile, String options) {
        this.inFile = inFile;
        this.options = options;
    }

    /** Those to try a test in, after one in which it skipped itself for that reason; none if nothing would help. */
    static Optional<Configuration> askedFor(String reason) {
        String words = reason.toLowerCase(Locale.ROOT);
        if (words.contains("removable")) {
            return Optional.of(REMOVABLE);
        } else if (words.contains("write-protected")) {
            return Optional.of(READ_ONLY);
        } else if (words.contains("lbppb") || words.contains("alignment")) {
            return Optional.of(PHYSICAL_BLOCKS);
        }
        return Optional.empty();
    }

    /** Whether its blocks are in a file, which has holes: then the disk is thinly provisioned. */
    boolean inFile() {
        return inFile;
    }

    /** What {@code --disk} is told beside where the blocks are. */
    String options() {
        return options;
    }

    /** In words for people. */
    String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
