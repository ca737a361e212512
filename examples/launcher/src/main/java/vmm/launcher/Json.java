package vmm.launcher;

import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Facts for programs: a tree of maps, lists, strings, numbers and booleans as indented JSON. */
final class Json {
    private static final JsonMapper MAPPER =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private Json() {}

    static String write(Object tree) {
        return MAPPER.writeValueAsString(tree);
    }
}
