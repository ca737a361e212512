package vmm.block;

import vmm.event.EventLoop;

/**
 * A disk's data, opened and locked: bytes at offsets, whatever keeps them.
 *
 * <p>Any thread may call. I/O goes through a {@link BlockQueue}, one for each worker.
 */
public interface BlockDevice extends AutoCloseable {
    /** Size in bytes; a multiple of 512. */
    long size();

    /** True if writes are refused. */
    boolean readOnly();

    /** What people call it: the path, or {@code null:4G}. */
    String name();

    /** Opens a way for {@code loop}'s thread to do I/O. Any thread may call, as often as it likes. */
    BlockQueue openQueue(EventLoop loop);

    /**
     * Brings everything written to stable storage, gives the lock back and closes. After the last request has ended.
     */
    @Override
    void close();
}
