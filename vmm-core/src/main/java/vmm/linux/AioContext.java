package vmm.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Many reads and writes by one system call (io_submit(2)), for files on which they end before it returns: those of file
 * systems in memory. The results are read from a ring that the kernel shares, without a call.
 *
 * <p>One thread at a time. Nothing is allocated after the start.
 */
public final class AioContext implements AutoCloseable {
    private static final int SYS_IO_SETUP = 206;
    private static final int SYS_IO_DESTROY = 207;
    private static final int SYS_IO_GETEVENTS = 208;
    private static final int SYS_IO_SUBMIT = 209;

    private static final short IOCB_CMD_PREADV = 7;
    private static final short IOCB_CMD_PWRITEV = 8;

    // struct iocb {
    //     __u64 aio_data; __u32 aio_key, aio_rw_flags; __u16 aio_lio_opcode; __s16 aio_reqprio; __u32 aio_fildes;
    //     __u64 aio_buf, aio_nbytes; __s64 aio_offset; __u64 aio_reserved2; __u32 aio_flags, aio_resfd;
    // };
    static final int IOCB_SIZE = 64;
    static final int IOCB_DATA = 0;
    static final int IOCB_OPCODE = 16;
    static final int IOCB_FILDES = 20;
    static final int IOCB_BUF = 24;
    static final int IOCB_NBYTES = 32;
    static final int IOCB_OFFSET = 40;

    // struct io_event { __u64 data, obj; __s64 res, res2; };
    static final int EVENT_SIZE = 32;
    static final int EVENT_DATA = 0;
    static final int EVENT_RES = 16;

    // What the context's number points to, as the kernel's fs/aio.c has it since Linux 2.6:
    // struct aio_ring { unsigned id, nr, head, tail, magic, compat_features, incompat_features, header_length;
    //                   struct io_event io_events[]; };
    private static final int RING_NR = 4;
    private static final int RING_HEAD = 8;
    private static final int RING_TAIL = 12;
    private static final int RING_MAGIC = 16;
    private static final int RING_INCOMPATIBLE = 24;
    private static final int RING_HEADER_LENGTH = 28;
    private static final int AIO_RING_MAGIC = 0xa10a10a1;

    private static final VarHandle INDEX = JAVA_INT.varHandle().withInvokeExactBehavior();

    private final long context;
    private final int capacity;
    private final MemorySegment control;
    private final MemorySegment pointers;
    private final MemorySegment ring;
    private final MemorySegment lateEvents;
    private final int events;
    private int count;
    private long tag;
    private int result;

    private AioContext(long context, int capacity, MemorySegment ring) {
        this.context = context;
        this.capacity = capacity;
        this.ring = ring;
        events = ring.get(JAVA_INT, RING_NR);
        control = Arena.ofAuto().allocate((long) capacity * IOCB_SIZE, Long.BYTES);
        pointers = Arena.ofAuto().allocate((long) capacity * Long.BYTES, Long.BYTES);
        lateEvents = Arena.ofAuto().allocate(EVENT_SIZE, Long.BYTES);
        for (int i = 0; i < capacity; i++) {
            pointers.set(JAVA_LONG, (long) i * Long.BYTES, control.address() + (long) i * IOCB_SIZE);
        }
    }

    /**
     * Opens a context.
     *
     * @param capacity the most operations in one batch
     * @return null if the host has none to give
     */
    public static @Nullable AioContext open(int capacity) {
        MemorySegment answer = Arena.ofAuto().allocate(JAVA_LONG);
        if (Libc.syscall(SYS_IO_SETUP, capacity, answer.address(), 0, 0, 0, 0) < 0) {
            return null;
        }
        long context = answer.get(JAVA_LONG, 0);
        MemorySegment ring = ringAt(context);
        if (ring == null) {
            Libc.syscall(SYS_IO_DESTROY, context, 0, 0, 0, 0, 0);
            return null;
        }
        return new AioContext(context, capacity, ring);
    }

    @SuppressWarnings("restricted") // The kernel says how large the ring is that it has mapped there.
    private static @Nullable MemorySegment ringAt(long context) {
        int header = EVENT_SIZE;
        MemorySegment ring = MemorySegment.ofAddress(context).reinterpret(header);
        if (ring.get(JAVA_INT, RING_MAGIC) != AIO_RING_MAGIC
                || ring.get(JAVA_INT, RING_INCOMPATIBLE) != 0
                || ring.get(JAVA_INT, RING_HEADER_LENGTH) != header) {
            return null;
        }
        return ring.reinterpret(header + (long) ring.get(JAVA_INT, RING_NR) * EVENT_SIZE);
    }

    /** True if no operation can be added before the next {@link #submit}. */
    public boolean isFull() {
        return count == capacity;
    }

    /** Adds a read to the batch, which must not be {@linkplain #isFull full}. */
    public void readv(int fd, IoVector data, long offset, long operationTag) {
        add(IOCB_CMD_PREADV, fd, data, offset, operationTag);
    }

    /** Adds a write to the batch. See {@link #readv}. */
    public void writev(int fd, IoVector data, long offset, long operationTag) {
        add(IOCB_CMD_PWRITEV, fd, data, offset, operationTag);
    }

    private void add(short opcode, int fd, IoVector data, long offset, long operationTag) {
        long at = (long) count * IOCB_SIZE;
        control.set(JAVA_LONG, at + IOCB_DATA, operationTag);
        control.set(JAVA_SHORT, at + IOCB_OPCODE, opcode);
        control.set(JAVA_INT, at + IOCB_FILDES, fd);
        control.set(JAVA_LONG, at + IOCB_BUF, data.address());
        control.set(JAVA_LONG, at + IOCB_NBYTES, Math.min(data.count(), FileIo.MAX_BUFFERS));
        control.set(JAVA_LONG, at + IOCB_OFFSET, offset);
        count++;
    }

    /**
     * Does what was added, in order, as far as that goes, and forgets all of it.
     *
     * @return how many operations were done, whose results can be {@linkplain #take taken}; fewer than were added if
     *     the kernel would not have the next one
     */
    public int submit() {
        int added = count;
        count = 0;
        return (int) Math.max(Libc.syscall(SYS_IO_SUBMIT, context, added, pointers.address(), 0, 0, 0), 0);
    }

    /** Takes the next result, of which there must be one. It is there until the next call. */
    public void take() {
        int head = ring.get(JAVA_INT, RING_HEAD);
        if (head == (int) INDEX.getAcquire(ring, (long) RING_TAIL)) {
            waitForOne();
            return;
        }
        long at = EVENT_SIZE + (long) head * EVENT_SIZE;
        tag = ring.get(JAVA_LONG, at + EVENT_DATA);
        result = (int) ring.get(JAVA_LONG, at + EVENT_RES);
        // The kernel uses the place again once it sees the head.
        INDEX.setRelease(ring, (long) RING_HEAD, head + 1 == events ? 0 : head + 1);
    }

    /** A file that does make its callers wait: it works, only not well. */
    private void waitForOne() {
        while (Libc.syscall(SYS_IO_GETEVENTS, context, 1, 1, lateEvents.address(), 0, 0) < 1) {
            if (Libc.errno() != Errno.EINTR) {
                throw new IllegalStateException("io_getevents failed: " + Errno.describe(Libc.errno()) + ".");
            }
        }
        tag = lateEvents.get(JAVA_LONG, EVENT_DATA);
        result = (int) lateEvents.get(JAVA_LONG, EVENT_RES);
    }

    /** The tag of the operation whose result was taken. */
    public long tag() {
        return tag;
    }

    /** What its system call would have returned, or a negative error number. */
    public int result() {
        return result;
    }

    /** Gives the context back. */
    @Override
    public void close() {
        Libc.syscall(SYS_IO_DESTROY, context, 0, 0, 0, 0, 0);
    }
}
