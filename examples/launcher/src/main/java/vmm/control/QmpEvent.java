package vmm.control;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Something that happened to a machine.
 *
 * @param name in capitals, as QMP has it
 * @param data what it says, perhaps nothing
 * @param time when it happened
 */
public record QmpEvent(String name, Map<String, Object> data, Instant time) {
    private static final int NANOS_PER_MICRO = 1000;

    /** It happens now. */
    public static QmpEvent of(String name, Map<String, Object> data) {
        return new QmpEvent(name, data, Instant.now());
    }

    Map<String, Object> toTree() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put(
                "timestamp",
                Map.of("seconds", time.getEpochSecond(), "microseconds", time.getNano() / NANOS_PER_MICRO));
        tree.put("event", name);
        if (!data.isEmpty()) {
            tree.put("data", data);
        }
        return tree;
    }
}
