package vmm.block;

/** One worker's way to a {@link BlockDevice}. Loop thread only. */
@FunctionalInterface
public interface BlockQueue {
    /**
     * Starts {@code request}, which is the queue's until its {@link BlockRequest#completed} is called: once, on this
     * thread, perhaps before this returns. A short read or write is continued here, never passed on. Allocates nothing.
     */
    void submit(BlockRequest request);
}
