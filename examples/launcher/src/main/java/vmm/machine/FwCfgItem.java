package vmm.machine;

import java.nio.file.Path;

/**
 * Something that the user tells the guest by the fw_cfg device.
 *
 * @param name begins with {@value #PREFIX}
 */
public record FwCfgItem(String name, Value value) {
    /** What the names of users' items begin with. */
    public static final String PREFIX = "opt/";

    /** What the guest reads. */
    public sealed interface Value {
        /** A text. */
        record Text(String text) implements Value {}

        /** A file's contents. */
        record FileContents(Path file) implements Value {}
    }
}
