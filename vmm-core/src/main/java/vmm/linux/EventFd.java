package vmm.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A counter in the kernel that threads, KVM and io_uring signal and wait for (eventfd(2)). Non-blocking, closed on
 * exec.
 *
 * <p>Any thread may signal; {@link #drain} belongs to the one that waits.
 */
public final class EventFd implements AutoCloseable {
    private static final int EFD_CLOEXEC = 0x80000;
    private static final int EFD_NONBLOCK = 0x800;

    /** The number 1 as eight bytes, which is what a signal writes. */
    private static final MemorySegment ONE = Arena.global().allocate(JAVA_LONG);

    static {
        ONE.set(JAVA_LONG, 0, 1);
    }

    private final int fd;
    private final MemorySegment count = Arena.ofAuto().allocate(JAVA_LONG);

    private EventFd(int fd) {
        this.fd = fd;
    }

    /**
     * A counter of 0.
     *
     * @throws HostException if the process has too many open files
     */
    public static EventFd create() {
        int fd = Libc.orErrno(Libc.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        if (fd < 0) {
            throw HostException.ofErrno("create an eventfd", -fd);
        }
        return new EventFd(fd);
    }

    /** The file descriptor, for handing to the kernel. It stays this object's. */
    public int fd() {
        return fd;
    }

    /** Adds 1 to the counter and wakes who waits for it. */
    public void signal() {
        // Fails only when the counter would overflow, and then the reader has been woken already.
        Libc.write(fd, ONE.address(), Long.BYTES);
    }

    /** Sets the counter to 0 and returns what it was, 0 if nothing had been signalled. */
    public long drain() {
        return Libc.read(fd, count.address(), Long.BYTES) == Long.BYTES ? count.get(JAVA_LONG, 0) : 0;
    }

    /** Gives the descriptor back. Call once, when nobody else uses it. */
    @Override
    public void close() {
        Libc.close(fd);
    }
}
