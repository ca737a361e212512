package vmm.monitor;

import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Arguments that a {@link Schema} has found to be of the right types. Who asks for one knows whether it has to be
 * there.
 *
 * @param tree what the client wrote
 */
record Arguments(ObjectNode tree) {
    boolean has(String name) {
        return tree.has(name);
    }

    JsonNode node(String name) {
        return Objects.requireNonNull(tree.get(name));
    }

    ObjectNode object(String name) {
        return (ObjectNode) node(name);
    }

    String string(String name) {
        return node(name).stringValue();
    }

    Optional<String> optionalString(String name) {
        return Optional.ofNullable(tree.get(name)).map(JsonNode::stringValue);
    }

    long number(String name) {
        return node(name).bigIntegerValue().longValue();
    }

    OptionalLong optionalNumber(String name) {
        return has(name) ? OptionalLong.of(number(name)) : OptionalLong.empty();
    }

    boolean isTrue(String name) {
        return has(name) && node(name).booleanValue();
    }
}
