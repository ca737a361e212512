package vmm.event;

/**
 * A place where work appears without a signal that the kernel would see, as in a ring in memory that a guest fills. A
 * loop that has been busy looks there for a while before it waits, since a look costs far less than a wake-up.
 *
 * <p>The other side need not signal while somebody looks. So {@link #poll} may silence it, and {@link #beforeWait}
 * makes it signal again. A loop may never call either; whoever relies on being polled alone would wait for ever.
 */
@FunctionalInterface
public interface Poller {
    /**
     * Looks for work and does what is there. Called over and over: without work it must be cheap, and allocate nothing.
     *
     * @return true if there was any
     */
    boolean poll();

    /**
     * The loop gives up looking and is about to wait, for the first time since {@link #poll} was called. The poller has
     * the other side signal again, and looks once more for what came before that took effect.
     *
     * @return true if there is work now, so that the loop must not wait but poll again
     */
    default boolean beforeWait() {
        return false;
    }
}
