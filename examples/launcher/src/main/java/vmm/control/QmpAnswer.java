package vmm.control;

import java.util.Map;

/**
 * What became of a command.
 *
 * @param result a tree of maps, lists, strings, numbers and booleans, or of Jackson's nodes
 * @param then what is done when the client can have read the result
 */
public record QmpAnswer(Object result, Runnable then) {
    /** It is done, and there is nothing to say. */
    public static final QmpAnswer DONE = of(Map.of());

    /** A result. */
    public static QmpAnswer of(Object result) {
        return new QmpAnswer(result, () -> {});
    }
}
