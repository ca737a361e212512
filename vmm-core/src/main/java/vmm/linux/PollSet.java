package vmm.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** File descriptors to wait for together (ppoll(2)). One thread at a time. */
public final class PollSet {
    private static final int SYS_PPOLL = 271;
    private static final short POLLIN = 1;
    private static final short POLLOUT = 4;
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    /** For {@link #await}: waits for as long as it takes. */
    public static final long FOREVER = Long.MAX_VALUE;

    // struct pollfd { int fd; short events, revents; };
    static final int POLLFD_SIZE = 8;
    static final int POLLFD_EVENTS = 4;
    static final int POLLFD_REVENTS = 6;

    /** A struct timespec: seconds and nanoseconds. */
    private final MemorySegment timeout = Arena.ofAuto().allocate(2 * Long.BYTES, Long.BYTES);

    private MemorySegment entries = Arena.ofAuto().allocate(8 * POLLFD_SIZE, Long.BYTES);
    private int count;

    /** An empty set. */
    public PollSet() {}

    /** Forgets all descriptors. */
    public void clear() {
        count = 0;
    }

    /** Adds a descriptor that is ready when it can be read, or written if that is wanted. Its index is the next. */
    public void add(int fd, boolean write) {
        if ((long) count * POLLFD_SIZE == entries.byteSize()) {
            MemorySegment grown = Arena.ofAuto().allocate(2 * entries.byteSize(), Long.BYTES);
            grown.copyFrom(entries);
            entries = grown;
        }
        long at = (long) count * POLLFD_SIZE;
        entries.set(JAVA_INT, at, fd);
        entries.set(JAVA_SHORT, at + POLLFD_EVENTS, write ? POLLOUT : POLLIN);
        entries.set(JAVA_SHORT, at + POLLFD_REVENTS, (short) 0);
        count++;
    }

    /**
     * Waits until a descriptor is ready or has failed.
     *
     * @param nanos how long at most, {@link #FOREVER}, or 0 for not at all
     * @return how many are, or a negative error number
     */
    public int await(long nanos) {
        timeout.set(JAVA_LONG, 0, nanos / NANOS_PER_SECOND);
        timeout.set(JAVA_LONG, Long.BYTES, nanos % NANOS_PER_SECOND);
        long limit = nanos == FOREVER ? 0 : timeout.address();
        return (int) Libc.orErrno(Libc.syscall(SYS_PPOLL, entries.address(), count, limit, 0, 0, 0));
    }

    /** True if the last {@link #await} found the descriptor that was added as number {@code index} ready or failed. */
    public boolean isReady(int index) {
        return entries.get(JAVA_SHORT, (long) index * POLLFD_SIZE + POLLFD_REVENTS) != 0;
    }
}
