package vmm.control;

import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a machine offers to those who speak QMP with it, beside {@code qmp_capabilities} and {@code query-commands}. Any
 * thread may call, several at once.
 */
public interface QmpService {
    /** What the greeting says of the program, as {@code query-version} does. */
    Object version();

    /** The names of all commands that {@link #find} knows. */
    List<String> commands();

    /** The command of that name, or null if there is none. */
    @Nullable
    QmpCommand find(String name);

    /**
     * Has {@code listener} told of what happens from now on, until it is given to {@link #unlisten}. It returns at once
     * and throws nothing.
     */
    void listen(Consumer<QmpEvent> listener);

    /** Ends {@link #listen}. Harmless if it was not begun. */
    void unlisten(Consumer<QmpEvent> listener);
}
