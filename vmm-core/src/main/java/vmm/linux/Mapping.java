package vmm.linux;

import java.lang.foreign.MemorySegment;

/**
 * Memory that the kernel mapped (mmap(2)): guest RAM, the page a vCPU shares with KVM, the rings of io_uring.
 *
 * <p>Its segment has the global scope, so that any thread may use it without a check of its lifetime; {@link #close}
 * must come after the last thread that uses it has ended.
 */
public final class Mapping implements AutoCloseable {
    private static final int PROT_NONE = 0;
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED = 0x01;
    private static final int MAP_PRIVATE = 0x02;
    private static final int MAP_FIXED = 0x10;
    private static final int MAP_ANONYMOUS = 0x20;
    private static final int MAP_NORESERVE = 0x4000;
    private static final int MAP_POPULATE = 0x8000;

    private final MemorySegment segment;

    @SuppressWarnings("restricted") // The kernel has just mapped these bytes, and close() is the only way to lose them.
    private Mapping(long address, long size) {
        this.segment = MemorySegment.ofAddress(address).reinterpret(size);
    }

    /**
     * Address space without memory: any access ends the process until {@link #commit} puts memory there.
     *
     * @param size in bytes
     */
    public static Mapping reserve(long size) {
        int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
        return new Mapping(map(0, size, PROT_NONE, flags, -1, 0, "reserve"), size);
    }

    /**
     * A shared view of a file.
     *
     * @param fd what to map; may be closed afterwards
     * @param size in bytes
     * @param offset in bytes, a multiple of the page size
     */
    public static Mapping shared(int fd, long size, long offset) {
        int flags = MAP_SHARED | MAP_POPULATE;
        return new Mapping(map(0, size, PROT_READ_WRITE, flags, fd, offset, "map"), size);
    }

    /**
     * Puts zeroed memory into a reservation. It takes no room on the host before it is touched.
     *
     * @param offset in bytes from the start of the reservation, a multiple of the page size
     * @param size in bytes
     */
    public void commit(long offset, long size) {
        int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
        map(segment.address() + offset, size, PROT_READ_WRITE, flags, -1, 0, "allocate");
    }

    private static long map(long address, long size, int protection, int flags, int fd, long offset, String action) {
        long result = Libc.mmap(address, size, protection, flags, fd, offset);
        if (result == -1) {
            throw HostException.ofErrno(action + " " + (size >> 20) + " MiB of memory", Libc.errno());
        }
        return result;
    }

    /** The mapped bytes. */
    public MemorySegment segment() {
        return segment;
    }

    /** Where they start in this process. */
    public long address() {
        return segment.address();
    }

    /** Unmaps. Nobody may touch the segment afterwards. Call once. */
    @Override
    public void close() {
        Libc.munmap(segment.address(), segment.byteSize());
    }
}
