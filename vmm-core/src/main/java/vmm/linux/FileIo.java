package vmm.linux;

/**
 * Blocking file operations on the calling thread, for files that answer at once and for tests.
 *
 * <p>Results follow the kernel's convention: bytes moved, or a negative error number.
 */
public final class FileIo {
    /** The most buffers Linux takes in one call (UIO_MAXIOV). */
    public static final int MAX_BUFFERS = 1024;

    private FileIo() {}

    /** Reads at {@code offset} into as many of {@code data}'s buffers as one call takes; 0 at the end of the file. */
    public static int readv(int fd, IoVector data, long offset) {
        // One call moves less than 2 GiB (MAX_RW_COUNT), so the size fits.
        return (int) Libc.orErrno(Libc.preadv(fd, data.address(), Math.min(data.count(), MAX_BUFFERS), offset));
    }

    /** Writes as many of {@code data}'s buffers as one call takes at {@code offset}. */
    public static int writev(int fd, IoVector data, long offset) {
        return (int) Libc.orErrno(Libc.pwritev(fd, data.address(), Math.min(data.count(), MAX_BUFFERS), offset));
    }

    /** Waits until the file's written data, and what is needed to find it again, are on stable storage. */
    public static int fdatasync(int fd) {
        return Libc.orErrno(Libc.fdatasync(fd));
    }
}
