package vmm.linux;

import java.lang.ref.Reference;

/**
 * File operations that block the calling thread: for opening, for files that answer at once, and for tests.
 *
 * <p>Results follow the kernel's convention: a descriptor or bytes moved, or a negative error number.
 */
public final class FileIo {
    /** The most buffers Linux takes in one call (UIO_MAXIOV). */
    public static final int MAX_BUFFERS = 1024;

    private static final int O_RDONLY = 0;
    private static final int O_RDWR = 2;
    private static final int O_EXCL = 0x80;
    private static final int O_CLOEXEC = 0x80000;

    private static final int O_DIRECT = 0x4000;
    private static final int SEEK_DATA = 3;
    private static final int SEEK_HOLE = 4;
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;

    static final int RWF_DSYNC = 2;

    private FileIo() {}

    /** Opens a file that is there. Returns a descriptor that programs started from here do not inherit. */
    public static int open(String path, boolean writable) {
        return open(path, writable ? O_RDWR : O_RDONLY);
    }

    /** Opens a block device for writing, if the host itself has not mounted it or put it to another use (EBUSY). */
    public static int openUnusedDevice(String path) {
        return open(path, O_RDWR | O_EXCL);
    }

    private static int open(String path, int flags) {
        return Libc.orErrno(Libc.open(path, flags | O_CLOEXEC, 0));
    }

    /** Gives a descriptor back, and with it the locks that were taken through it. */
    public static void close(int fd) {
        Libc.close(fd);
    }

    /**
     * Reads at {@code offset} into as many of {@code data}'s buffers as one call takes; 0 at the end of the file.
     *
     * @param offset in bytes; -1 for a socket
     */
    public static int readv(int fd, IoVector data, long offset) {
        try {
            // One call moves less than 2 GiB (MAX_RW_COUNT), so the size fits.
            return (int) Libc.orErrno(
                    offset == -1
                            ? Libc.readv(fd, data.address(), buffers(data))
                            : Libc.preadv(fd, data.address(), buffers(data), offset));
        } finally {
            Reference.reachabilityFence(data);
        }
    }

    /** Writes as many of {@code data}'s buffers as one call takes at {@code offset}. See {@link #readv}. */
    public static int writev(int fd, IoVector data, long offset) {
        try {
            return (int) Libc.orErrno(
                    offset == -1
                            ? Libc.writev(fd, data.address(), buffers(data))
                            : Libc.pwritev(fd, data.address(), buffers(data), offset));
        } finally {
            Reference.reachabilityFence(data);
        }
    }

    /** Writes as {@link #writev}; what was written is on stable storage when this returns (RWF_DSYNC). */
    public static int writevStable(int fd, IoVector data, long offset) {
        try {
            return (int) Libc.orErrno(Libc.pwritev2(fd, data.address(), buffers(data), offset, RWF_DSYNC));
        } finally {
            Reference.reachabilityFence(data);
        }
    }

    private static int buffers(IoVector data) {
        return Math.min(data.count(), MAX_BUFFERS);
    }

    /** Makes a regular file {@code size} bytes long; what is new reads as zeros. Returns 0. */
    public static int resize(int fd, long size) {
        return Libc.orErrno(Libc.ftruncate(fd, size));
    }

    /**
     * Has reads and writes go past the page cache from now on (O_DIRECT). Returns 0, or -EINVAL if the file system
     * cannot do that.
     */
    public static int makeDirect(int fd) {
        int flags = Libc.orErrno(Libc.fcntl(fd, F_GETFL, 0));
        return flags < 0 ? flags : Libc.orErrno(Libc.fcntl(fd, F_SETFL, flags | O_DIRECT));
    }

    /** Changes how {@code length} bytes from {@code offset} are stored, as {@link Fallocate} tells. Returns 0. */
    public static int fallocate(int fd, int mode, long offset, long length) {
        return Libc.orErrno(Libc.fallocate(fd, mode, offset, length));
    }

    /**
     * Where data begins that is at {@code offset} or behind it; -ENXIO if there is only a hole up to the end, -EINVAL
     * if this kind of file does not tell.
     */
    public static long nextData(int fd, long offset) {
        return Libc.orErrno(Libc.lseek(fd, offset, SEEK_DATA));
    }

    /** Where a hole begins that is at {@code offset} or behind it; the end of the file counts as one. */
    public static long nextHole(int fd, long offset) {
        return Libc.orErrno(Libc.lseek(fd, offset, SEEK_HOLE));
    }

    /** Waits until the file's written data, and what is needed to find it again, are on stable storage. */
    public static int fdatasync(int fd) {
        return Libc.orErrno(Libc.fdatasync(fd));
    }
}
