package vmm.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static vmm.linux.IoUringAbi.*;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A pair of rings shared with the kernel (io_uring(7)): file operations and polls go in by one, their results come out
 * of the other, and one system call hands over a whole batch and waits.
 *
 * <p>Belongs to the thread that opens it: no other may call anything, {@link #close} included. Nothing is allocated
 * after the start. Each operation carries a tag, which comes back with its completion.
 */
public final class IoUring implements AutoCloseable {
    /**
     * Whether this host has io_uring.
     *
     * @param available true if an event loop can run on it
     * @param explanation a sentence: what the kernel offers, or what is in the way and what to do about it
     */
    public record Support(boolean available, String explanation) {}

    /** An operation that fails does not keep others back, and {@link #wantsEntering} knows of deferred work. */
    private static final int SUBMIT_ALL_AND_TELL = IORING_SETUP_SUBMIT_ALL | IORING_SETUP_TASKRUN_FLAG;

    /** Sets of flags that kernels have learnt, newest first: Linux 6.1, 6.0, 5.19, and before. */
    private static final int[] FLAGS = {
        SUBMIT_ALL_AND_TELL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
        SUBMIT_ALL_AND_TELL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN,
        SUBMIT_ALL_AND_TELL | IORING_SETUP_COOP_TASKRUN,
        0
    };

    private static final int NEEDED_FEATURES = IORING_FEAT_SINGLE_MMAP
            | IORING_FEAT_NODROP
            | IORING_FEAT_SUBMIT_STABLE
            | IORING_FEAT_EXT_ARG
            | IORING_FEAT_RSRC_TAGS;

    /** For {@link #enter}: waits for as long as it takes. */
    public static final long FOREVER = Long.MAX_VALUE;

    private static final long NANOS_PER_SECOND = 1_000_000_000;

    /** Completions that have room for each submission; what exceeds even that, the kernel keeps until there is room. */
    private static final int COMPLETIONS_PER_SUBMISSION = 4;

    /** Where in {@link #waiting} the time is. */
    private static final long TIMEOUT = GETEVENTS_ARG_SIZE;

    private static final VarHandle INDEX = JAVA_INT.varHandle().withInvokeExactBehavior();

    private final int fd;
    private final int flags;
    private final Mapping ringMapping;
    private final Mapping sqeMapping;
    private final MemorySegment ring;
    private final MemorySegment sqes;
    private final long sqHeadAt;
    private final long sqTailAt;
    private final long sqFlagsAt;
    private final int sqEntries;
    private final long cqHeadAt;
    private final long cqTailAt;
    private final long cqesAt;
    private final int cqMask;

    /** A struct io_uring_getevents_arg, and the time that it points to. */
    private final MemorySegment waiting = Arena.ofAuto().allocate(TIMEOUT + TIMESPEC_SIZE, Long.BYTES);

    /** Where the next submission goes; the kernel sees it with the next {@link #enter}. */
    private int sqTail;

    /** Where the kernel was when last looked at. */
    private int sqHead;

    private int cqHead;
    private long tag;
    private int result;
    private int completionFlags;

    private IoUring(int fd, MemorySegment params) {
        this.fd = fd;
        flags = params.get(JAVA_INT, PARAMS_FLAGS);
        sqEntries = params.get(JAVA_INT, PARAMS_SQ_ENTRIES);
        int cqEntries = params.get(JAVA_INT, PARAMS_CQ_ENTRIES);
        cqMask = cqEntries - 1;
        sqHeadAt = params.get(JAVA_INT, PARAMS_SQ_OFF + SQ_OFF_HEAD);
        sqTailAt = params.get(JAVA_INT, PARAMS_SQ_OFF + SQ_OFF_TAIL);
        sqFlagsAt = params.get(JAVA_INT, PARAMS_SQ_OFF + SQ_OFF_FLAGS);
        long arrayAt = params.get(JAVA_INT, PARAMS_SQ_OFF + SQ_OFF_ARRAY);
        cqHeadAt = params.get(JAVA_INT, PARAMS_CQ_OFF + CQ_OFF_HEAD);
        cqTailAt = params.get(JAVA_INT, PARAMS_CQ_OFF + CQ_OFF_TAIL);
        cqesAt = params.get(JAVA_INT, PARAMS_CQ_OFF + CQ_OFF_CQES);
        long ringSize = Math.max(arrayAt + (long) sqEntries * Integer.BYTES, cqesAt + (long) cqEntries * CQE_SIZE);
        ringMapping = Mapping.shared(fd, ringSize, IORING_OFF_SQ_RING);
        sqeMapping = Mapping.shared(fd, (long) sqEntries * SQE_SIZE, IORING_OFF_SQES);
        ring = ringMapping.segment();
        sqes = sqeMapping.segment();
        // The array says which submission is in which place of the ring. Here each stays in its own for good.
        for (int i = 0; i < sqEntries; i++) {
            ring.set(JAVA_INT, arrayAt + (long) i * Integer.BYTES, i);
        }
        waiting.set(JAVA_LONG, GETEVENTS_ARG_TS, waiting.address() + TIMEOUT);
    }

    /**
     * Opens rings for the calling thread.
     *
     * @param entries how many operations one batch can hold, a power of two up to 4096
     * @throws HostException if the kernel has no io_uring, an old one, or does not let this process use it
     */
    public static IoUring open(int entries) {
        MemorySegment params = Arena.ofAuto().allocate(PARAMS_SIZE, Long.BYTES);
        int fd = -Errno.EINVAL;
        for (int i = 0; i < FLAGS.length && fd == -Errno.EINVAL; i++) {
            params.fill((byte) 0);
            params.set(JAVA_INT, PARAMS_FLAGS, FLAGS[i] | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP);
            params.set(JAVA_INT, PARAMS_CQ_ENTRIES, entries * COMPLETIONS_PER_SUBMISSION);
            fd = (int) Libc.orErrno(Libc.syscall(SYS_IO_URING_SETUP, entries, params.address(), 0, 0, 0, 0));
        }
        if (fd < 0) {
            throw new HostException("io_uring is not available: " + obstacle(-fd));
        }
        int features = params.get(JAVA_INT, PARAMS_FEATURES);
        if ((features & NEEDED_FEATURES) != NEEDED_FEATURES) {
            Libc.close(fd);
            throw new HostException("io_uring is too old in this kernel: use Linux 5.13 or newer.");
        }
        try {
            return new IoUring(fd, params);
        } catch (HostException e) {
            Libc.close(fd);
            throw e;
        }
    }

    private static String obstacle(int errno) {
        return switch (errno) {
            case Errno.ENOSYS -> "this kernel does not have it; use Linux 5.13 or newer with CONFIG_IO_URING.";
            case Errno.EPERM, Errno.EACCES ->
                switchedOff()
                        ? "the host has switched it off; as root, run sysctl kernel.io_uring_disabled=0."
                        : "a sandbox forbids it; let the seccomp filter of the container pass io_uring_setup and"
                                + " io_uring_enter.";
            case Errno.ENOMEM -> "the limit of locked memory is too low; raise it with ulimit -l.";
            case Errno.EMFILE -> "too many files are open; raise the limit with ulimit -n.";
            default -> Errno.describe(errno) + ".";
        };
    }

    private static boolean switchedOff() {
        try {
            return !Files.readString(Path.of("/proc/sys/kernel/io_uring_disabled"))
                    .startsWith("0");
        } catch (IOException e) {
            return false; // Kernels before 6.6 have no such switch.
        }
    }

    /** Tries io_uring out. Any thread may call. */
    public static Support probe() {
        try (IoUring uring = open(1)) {
            return new Support(true, "io_uring works, " + uring.describeMode() + ".");
        } catch (HostException e) {
            return new Support(false, String.valueOf(e.getMessage()));
        }
    }

    private String describeMode() {
        if ((flags & IORING_SETUP_DEFER_TASKRUN) != 0) {
            return "completing work only when asked to (SINGLE_ISSUER, DEFER_TASKRUN)";
        }
        return (flags & IORING_SETUP_COOP_TASKRUN) != 0
                ? "without interrupting its thread (COOP_TASKRUN)"
                : "in the plain mode of kernels before 5.19";
    }

    /** True if there is room for another operation before the next {@link #enter}. */
    public boolean hasRoom() {
        if (sqTail - sqHead == sqEntries) {
            sqHead = (int) INDEX.getAcquire(ring, sqHeadAt);
        }
        return sqTail - sqHead != sqEntries;
    }

    /** True if operations were added since the last {@link #enter}. */
    public boolean hasAdded() {
        sqHead = (int) INDEX.getAcquire(ring, sqHeadAt);
        return sqTail != sqHead;
    }

    /** True if the kernel has completions that it will hand out in the next {@link #enter} only. */
    public boolean wantsEntering() {
        return ((int) INDEX.getOpaque(ring, sqFlagsAt) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
    }

    /**
     * Adds a read. The buffers must stay as they are until its completion. As for every operation, there must be
     * {@linkplain #hasRoom room}.
     *
     * @param offset bytes from the start of the file
     */
    public void readv(int file, IoVector data, long offset, long tag) {
        int count = Math.min(data.count(), FileIo.MAX_BUFFERS);
        add(IORING_OP_READV, file, offset, data.address(), count, 0, tag);
    }

    /** Adds a write. See {@link #readv}. */
    public void writev(int file, IoVector data, long offset, long tag) {
        int count = Math.min(data.count(), FileIo.MAX_BUFFERS);
        add(IORING_OP_WRITEV, file, offset, data.address(), count, 0, tag);
    }

    /** Adds a write that completes when its data is on stable storage. See {@link #readv}. */
    public void writevStable(int file, IoVector data, long offset, long tag) {
        int count = Math.min(data.count(), FileIo.MAX_BUFFERS);
        add(IORING_OP_WRITEV, file, offset, data.address(), count, FileIo.RWF_DSYNC, tag);
    }

    /** Adds an fallocate with flags of {@link Fallocate}. See {@link #readv}. */
    public void fallocate(int file, int mode, long offset, long length, long tag) {
        add(IORING_OP_FALLOCATE, file, offset, length, mode, 0, tag);
    }

    /** Adds an fdatasync, which covers the writes that have completed before. See {@link #readv}. */
    public void fdatasync(int file, long tag) {
        add(IORING_OP_FSYNC, file, 0, 0, 0, IORING_FSYNC_DATASYNC, tag);
    }

    /**
     * Adds a poll that completes each time {@code file} is signalled, and at once if it can be read already. It goes on
     * until a completion comes without {@link #more}.
     */
    public void pollReadable(int file, long tag) {
        add(IORING_OP_POLL_ADD, file, 0, 0, IORING_POLL_ADD_MULTI, POLLIN, tag);
    }

    /** Adds the wish to end the operation tagged {@code target}, which completes by itself then. */
    public void cancel(long target, long tag) {
        add(IORING_OP_ASYNC_CANCEL, -1, 0, target, 0, 0, tag);
    }

    /** Members that no operation here uses are zero since the kernel made the ring. */
    private void add(int opcode, int file, long offset, long address, int length, int opFlags, long tag) {
        long at = (long) (sqTail & (sqEntries - 1)) * SQE_SIZE;
        sqes.set(JAVA_BYTE, at + SQE_OPCODE, (byte) opcode);
        sqes.set(JAVA_INT, at + SQE_FD, file);
        sqes.set(JAVA_LONG, at + SQE_OFF, offset);
        sqes.set(JAVA_LONG, at + SQE_ADDR, address);
        sqes.set(JAVA_INT, at + SQE_LEN, length);
        sqes.set(JAVA_INT, at + SQE_OP_FLAGS, opFlags);
        sqes.set(JAVA_LONG, at + SQE_USER_DATA, tag);
        sqTail++;
    }

    /**
     * Hands all added operations to the kernel, lets it finish what it has ready and waits.
     *
     * @param minComplete how many completions to wait for; 0 does not wait
     * @param nanos how long to wait at most, in nanoseconds, or {@link #FOREVER}
     * @return 0 or more, or a negative error number: EINTR, EAGAIN and EBUSY ask to try again once the completions that
     *     are there have been taken, ETIME says that time is up
     */
    public int enter(int minComplete, long nanos) {
        // io_uring(7): the kernel may read the submissions as soon as it sees the tail.
        INDEX.setRelease(ring, sqTailAt, sqTail);
        sqHead = (int) INDEX.getAcquire(ring, sqHeadAt);
        int enterFlags = IORING_ENTER_GETEVENTS;
        long argument = 0;
        long size = 0;
        if (minComplete > 0 && nanos != FOREVER) {
            waiting.set(JAVA_LONG, TIMEOUT + TIMESPEC_SEC, nanos / NANOS_PER_SECOND);
            waiting.set(JAVA_LONG, TIMEOUT + TIMESPEC_NSEC, nanos % NANOS_PER_SECOND);
            enterFlags |= IORING_ENTER_EXT_ARG;
            argument = waiting.address();
            size = GETEVENTS_ARG_SIZE;
        }
        return (int) Libc.orErrno(
                Libc.syscall(SYS_IO_URING_ENTER, fd, sqTail - sqHead, minComplete, enterFlags, argument, size));
    }

    /** How many completions can be taken now. */
    public int ready() {
        return (int) INDEX.getAcquire(ring, cqTailAt) - cqHead;
    }

    /** Takes the next completion, one of those that are {@link #ready}. Its values are there until the next call. */
    public void take() {
        long at = cqesAt + (long) (cqHead & cqMask) * CQE_SIZE;
        tag = ring.get(JAVA_LONG, at + CQE_USER_DATA);
        result = ring.get(JAVA_INT, at + CQE_RES);
        completionFlags = ring.get(JAVA_INT, at + CQE_FLAGS);
        cqHead++;
        // io_uring(7): the kernel may use the place again as soon as it sees the head.
        INDEX.setRelease(ring, cqHeadAt, cqHead);
    }

    /** The tag of the operation that has completed. */
    public long tag() {
        return tag;
    }

    /** What its system call would have returned, or a negative error number. */
    public int result() {
        return result;
    }

    /** True if the operation goes on and will complete again. */
    public boolean more() {
        return (completionFlags & IORING_CQE_F_MORE) != 0;
    }

    /** Closes the rings. Operations that have not completed by now are cancelled, some time after this returns. */
    @Override
    public void close() {
        sqeMapping.close();
        ringMapping.close();
        Libc.close(fd);
    }
}
