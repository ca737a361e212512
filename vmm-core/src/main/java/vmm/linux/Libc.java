package vmm.linux;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;

/**
 * The C library's functions, bound directly: primitives in, primitives out, no object made for a call.
 *
 * <p>A negative return means failure; {@link #errno} tells why, on the same thread, before the next native call.
 */
final class Libc {
    static {
        Native.register(Libc.class, NativeLibrary.getProcess());
    }

    private Libc() {}

    /** The error number of this thread's last native call. */
    static int errno() {
        return Native.getLastError();
    }

    /** What {@code call} returned, or the negative error number if it failed: the kernel's own convention. */
    static int orErrno(int result) {
        return result < 0 ? -errno() : result;
    }

    /** As {@link #orErrno(int)}, for calls that return sizes or addresses. */
    static long orErrno(long result) {
        return result == -1 ? -errno() : result;
    }

    static native int open(String path, int flags, int mode);

    static native int close(int fd);

    static native long read(int fd, long buffer, long size);

    static native long write(int fd, long buffer, long size);

    static native long preadv(int fd, long vector, int count, long offset);

    static native long pwritev(int fd, long vector, int count, long offset);

    static native long preadv2(int fd, long vector, int count, long offset, int flags);

    static native long pwritev2(int fd, long vector, int count, long offset, int flags);

    static native long readv(int fd, long vector, int count);

    static native long writev(int fd, long vector, int count);

    static native long lseek(int fd, long offset, int whence);

    static native int ftruncate(int fd, long size);

    static native int fallocate(int fd, int mode, long offset, long length);

    static native int fdatasync(int fd);

    static native int socket(int domain, int type, int protocol);

    static native int connect(int fd, long address, int size);

    static native int setsockopt(int fd, int level, int option, long value, int size);

    static native int shutdown(int fd, int how);

    static native long send(int fd, long buffer, long size, int flags);

    static native int ioctl(int fd, long request, long argument);

    static native int fstatfs(int fd, long status);

    static native int statx(int directory, String path, int flags, int mask, long status);

    static native int fcntl(int fd, int command, long argument);

    static native long mmap(long address, long size, int protection, int flags, int fd, long offset);

    static native int munmap(long address, long size);

    static native int madvise(long address, long size, int advice);

    static native int eventfd(int initial, int flags);

    static native long syscall(long number, long a, long b, long c, long d, long e, long f);
}
