package vmm.event;

import vmm.linux.IoVector;

/**
 * A way in which a loop has the kernel work on files. Each operation is started, and its completion told on the loop's
 * thread, never before the method returns. Loop thread only; nothing is allocated once as many operations were in
 * flight before.
 */
public interface FileOperations {
    /**
     * Starts reading a file into {@code data}, which belongs to the operation until the completion is told.
     *
     * @param fd an open file, or a socket that waits (without O_NONBLOCK)
     * @param offset bytes from the start of the file; -1 for a socket, which has no such thing
     */
    void readv(int fd, IoVector data, long offset, IoCompletion completion);

    /** Starts writing {@code data} to a file. See {@link #readv}. */
    void writev(int fd, IoVector data, long offset, IoCompletion completion);

    /**
     * Starts writing {@code data} to a file so that what was written, and what is needed to find it again, is on stable
     * storage when the completion is told without an error (RWF_DSYNC). See {@link #readv}.
     */
    void writevStable(int fd, IoVector data, long offset, IoCompletion completion);

    /** Starts bringing a file's written data to stable storage (fdatasync). Without error the result is 0. */
    void fdatasync(int fd, IoCompletion completion);

    /**
     * Starts changing how a file's range is stored (fallocate(2)). Without error the result is 0.
     *
     * @param mode flags of {@link vmm.linux.Fallocate}
     * @param offset in bytes
     * @param length in bytes, more than 0
     */
    void fallocate(int fd, int mode, long offset, long length, IoCompletion completion);

    /**
     * Starts telling a block device that a range is of no use any more (BLKDISCARD). Without error the result is 0.
     *
     * @param offset in bytes, a multiple of the device's logical block
     * @param length in bytes, a multiple of it, too
     */
    void discard(int fd, long offset, long length, IoCompletion completion);
}
