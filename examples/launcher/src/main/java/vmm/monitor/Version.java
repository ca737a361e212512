package vmm.monitor;

import java.util.Map;

/** What the program says it is, in the form that QMP has for it. */
final class Version {
    private static final int MAJOR = 0;
    private static final int MINOR = 1;
    private static final int MICRO = 0;

    private Version() {}

    static Map<String, Object> tree() {
        return Map.of("qemu", Map.of("major", MAJOR, "minor", MINOR, "micro", MICRO), "package", "vmm");
    }
}
