package vmm.block;

import java.util.Optional;
import vmm.event.EventLoop;
import vmm.linux.HostException;

/**
 * A disk's data, opened and locked: bytes at offsets, whatever keeps them.
 *
 * <p>Any thread may call. I/O goes through a {@link BlockQueue}, one for each worker.
 */
public interface BlockDevice extends AutoCloseable {
    /** Size in bytes at this moment; a multiple of 512. */
    long size();

    /** True if writes are refused. */
    boolean readOnly();

    /** What people call it: the path, or {@code null:4G}. */
    String name();

    /**
     * The unit in bytes in which a discard gives storage back, a power of two of at least 512; 0 if discards do nothing
     * here. Ranges need not be aligned to it.
     */
    default int discardGranularity() {
        return 0;
    }

    /**
     * Grows or shrinks the disk to {@code bytes}, a multiple of 512. Requests beyond the end fail from now on. Any
     * thread may call; it may wait for the storage.
     *
     * @throws vmm.linux.HostException if this disk cannot have that size
     */
    default void resize(long bytes) {
        throw new HostException("Disk " + name() + " cannot change its size: it is of a kind that has none.");
    }

    /**
     * Looks whether the storage has grown, as a file does that somebody makes longer, and takes what it gained: then
     * {@link #size} is larger. Any thread may call; it may wait for the storage.
     */
    default void noticeGrowth() {
        // Most have nobody else who could change them.
    }

    /** How worn the storage is; empty if it does not know. It may wait for the storage. */
    default Optional<StorageLifetime> lifetime() {
        return Optional.empty();
    }

    /** What storage the disk takes up; empty if nobody can tell. Quick, but not for each request. */
    default Optional<StorageSpace> space() {
        return Optional.empty();
    }

    /** Opens a way for {@code loop}'s thread to do I/O. Any thread may call, as often as it likes. */
    BlockQueue openQueue(EventLoop loop);

    /**
     * Brings everything written to stable storage, gives the lock back and closes. After the last request has ended.
     */
    @Override
    void close();
}
