package vmm.monitor;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Something about a device that whoever plugs it may choose.
 *
 * @param name as QEMU has it
 * @param type what its values are
 * @param byDefault its value if nobody chooses, as QMP shows it; null if there is none to show
 * @param description for people, may be empty
 */
record Property(String name, PropertyType type, @Nullable Object byDefault, String description) {
    static Property of(String name, PropertyType type) {
        return new Property(name, type, null, "");
    }

    static Property of(String name, PropertyType type, Object byDefault) {
        return new Property(name, type, byDefault, "");
    }

    static Property of(String name, PropertyType type, Object byDefault, String description) {
        return new Property(name, type, byDefault, description);
    }

    Map<String, Object> toTree() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("name", name);
        tree.put("type", type.word());
        if (byDefault != null) {
            tree.put("default-value", byDefault);
        }
        if (!description.isEmpty()) {
            tree.put("description", description);
        }
        return tree;
    }
}
