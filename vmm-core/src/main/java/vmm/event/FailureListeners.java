package vmm.event;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Who is told of exceptions that a loop's handlers and completions threw. A listener may take itself away. */
final class FailureListeners {
    private final List<Consumer<Throwable>> listeners = new ArrayList<>();

    void add(Consumer<Throwable> listener) {
        listeners.add(listener);
    }

    void remove(Consumer<Throwable> listener) {
        listeners.remove(listener);
    }

    void tell(Throwable failure) {
        for (Consumer<Throwable> listener : List.copyOf(listeners)) {
            listener.accept(failure);
        }
    }
}
