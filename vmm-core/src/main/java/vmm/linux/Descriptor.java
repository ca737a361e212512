package vmm.linux;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/**
 * An open file that answers ioctls: {@code /dev/kvm}, a virtual machine, a vCPU, a terminal.
 *
 * <p>Any thread may call; {@link #close} once, when nobody else uses it.
 */
public final class Descriptor implements AutoCloseable {
    /** Open for reading and writing. */
    public static final int O_RDWR = 2;

    private static final int O_CLOEXEC = 0x80000;

    private final int fd;

    /** Takes over a descriptor that a system call has just returned. */
    public Descriptor(int fd) {
        this.fd = fd;
    }

    /**
     * Opens a device file.
     *
     * @return the descriptor, at least 0, or a negative error number
     */
    public static int open(String path, int flags) {
        return Libc.orErrno(Libc.open(path, flags | O_CLOEXEC, 0));
    }

    /** The descriptor's number, for handing to the kernel. */
    public int fd() {
        return fd;
    }

    /** Calls ioctl(2) with a number, and returns its result or a negative error number. Allocates nothing. */
    public int ioctl(long request, long argument) {
        return Libc.orErrno(Libc.ioctl(fd, request, argument));
    }

    /** Calls ioctl(2) with a structure. See {@link #ioctl(long, long)}. */
    public int ioctl(long request, MemorySegment structure) {
        try {
            return Libc.orErrno(Libc.ioctl(fd, request, structure.address()));
        } finally {
            // Its memory may be freed with its last use, and an address is no use.
            Reference.reachabilityFence(structure);
        }
    }

    @Override
    public void close() {
        Libc.close(fd);
    }
}
