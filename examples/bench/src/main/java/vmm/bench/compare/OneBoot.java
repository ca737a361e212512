package vmm.bench.compare;

import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;
import vmm.linux.HostException;

/**
 * What this program in the lab is asked by this program outside, as JSON.
 *
 * @param contender a {@link Contender#name}
 * @param rows titles of {@link Row}s
 * @param counting whether system calls are counted
 */
record OneBoot(String contender, List<String> rows, boolean counting) {
    private static final JsonMapper JSON = new JsonMapper();

    /** From an argument that {@link #argument} made. */
    static OneBoot of(String argument) {
        return JSON.readValue(argument, OneBoot.class);
    }

    String argument() {
        return JSON.writeValueAsString(this);
    }

    /** The answer, from what {@link #answer(List)} made of it. */
    static List<Sample> samples(String answer) {
        try {
            return JSON.readValue(answer, new TypeReference<List<Sample>>() {});
        } catch (JacksonException garbled) {
            throw new HostException(
                    "The comparison in the lab said what is no answer: " + answer.strip() + ".", garbled);
        }
    }

    static String answer(List<Sample> samples) {
        return JSON.writeValueAsString(samples);
    }
}
