package vmm.block;

/** One worker's way to a {@link BlockDevice}. Loop thread only. */
@FunctionalInterface
public interface BlockQueue {
    /**
     * Starts {@code request}, which is the queue's until its {@link BlockRequest#completed} is called: once, on this
     * thread, perhaps before this returns. A short read or write is continued here, never passed on. Allocates nothing.
     */
    void submit(BlockRequest request);

    /**
     * Asks how the disk keeps its data at this moment; {@code query} is answered once, on this thread. A disk that
     * cannot tell says that all is allocated.
     */
    default void query(ExtentQuery query) {
        query.answer(ExtentQuery.State.ALLOCATED, query.length());
    }

    /**
     * Begins or ends a drain: while it lasts, requests wait for the storage alone. Those that a limit delays go ahead,
     * those that wait for a remedy after an error or for a connection end with their error. A device drains its queues
     * when it is reset. At first there is no drain.
     */
    default void drain(boolean on) {
        // Most queues wait for nothing else.
    }
}
