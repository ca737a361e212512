package vmm.iscsi.conformance;

import java.util.Locale;
import java.util.Optional;

/** What the logical unit is like: tests that need something special skip themselves on others. */
enum Configuration {
    /** Thinly provisioned, 8 logical blocks in a physical one. */
    THIN("mem:64M,physical-block=4096,thin"),
    /** Fully provisioned, one logical block in a physical one. */
    PLAIN("mem:64M"),
    REMOVABLE("mem:64M,removable"),
    READ_ONLY("mem:64M,readonly"),
    LARGE_BLOCKS("mem:64M,logical-block=4096");

    private final String options;

    Configuration(String options) {
        this.options = options;
    }

    /** Those to try a test in, after one in which it skipped itself for that reason; none if nothing would help. */
    static Optional<Configuration> askedFor(String reason) {
        String words = reason.toLowerCase(Locale.ROOT);
        if (words.contains("removable")) {
            return Optional.of(REMOVABLE);
        } else if (words.contains("write-protected")) {
            return Optional.of(READ_ONLY);
        }
        return Optional.empty();
    }

    /** The options of {@code examples/iscsi/serve --disk}. */
    String options() {
        return options;
    }

    /** In words for people. */
    String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
