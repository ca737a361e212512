package vmm.control;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.StreamWriteConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * JSON as QMP has it: strings may have single quotes, and no name comes twice in an object. What is written has its
 * members in alphabetical order.
 */
final class QmpJson {
    private static final int LONGEST_WORD = 64;

    /** An answer repeats what a command had nested, inside of itself. */
    private static final int MOST_WRITTEN_NESTING = MessageReader.MOST_NESTING + 16;

    /** What Jackson's messages have in them, and what QEMU says. */
    private static final Map<String, String> COMPLAINTS = Map.of(
            "Duplicate", "duplicate key",
            "expected a value", "expecting value",
            "Unexpected close marker", "expecting value",
            "expecting a colon", "missing : in object pair",
            "separate Object entries", "expected separator in dict",
            "separate Array entries", "expected separator in list",
            "to start property name", "key is not a string in object",
            "character escape", "invalid escape sequence in string");

    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .enable(JsonReadFeature.ALLOW_SINGLE_QUOTES)
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MessageReader.MOST_NESTING)
                            .maxDocumentLength(MessageReader.MOST_BYTES)
                            .maxStringLength(MessageReader.MOST_BYTES)
                            .build())
                    .streamWriteConstraints(StreamWriteConstraints.builder()
                            .maxNestingDepth(MOST_WRITTEN_NESTING)
                            .build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
            .build();

    private QmpJson() {}

    /**
     * The value that a message is.
     *
     * @throws JacksonException if it is none
     */
    static JsonNode parse(byte[] message) {
        return MAPPER.readTree(message);
    }

    static String write(Object tree) {
        return MAPPER.writeValueAsString(tree);
    }

    /** What is wrong with a message, in QEMU's words where it has some. */
    static String complaint(byte[] message, JacksonException noJson) {
        String text = new String(message, StandardCharsets.UTF_8).strip();
        if (text.length() <= LONGEST_WORD && text.chars().allMatch(c -> c >= 'a' && c <= 'z')) {
            return "invalid keyword '" + text + "'";
        }
        String why = noJson.getOriginalMessage();
        for (Map.Entry<String, String> complaint : COMPLAINTS.entrySet()) {
            if (why.contains(complaint.getKey())) {
                return complaint.getValue();
            }
        }
        return "invalid syntax";
    }
}
