package vmm.block.raw;

import org.jspecify.annotations.Nullable;
import vmm.linux.Errno;
import vmm.linux.FileIo;

/**
 * Brings what was written to stable storage, for all queues of a disk: one fdatasync at a time, which answers all that
 * asked before it began. Those that ask meanwhile share the next.
 *
 * <p>One at a time is not only cheaper. When pages could not be written back, Linux marks them clean all the same and
 * reports the error once, to the first fdatasync; a second one beside it, and every later one, succeeds although the
 * data is lost. So an error is final: what was written since the last successful flush cannot be told apart any more,
 * and no flush succeeds until the disk is opened anew. Only direct I/O, which leaves nothing in the page cache, may try
 * again: there a write that fails says so itself.
 */
final class FlushGroup {
    private final RawDisk disk;

    /** Linked by {@link FileTask#nextFlush}; the last is the first that came. */
    private @Nullable FileTask waiting;

    private @Nullable FileTask served;
    private boolean running;
    private volatile int lost;

    FlushGroup(RawDisk disk) {
        this.disk = disk;
    }

    /** Has {@code task} {@linkplain FileTask#flushed told} when all that has completed by now is stable. Its loop. */
    void flush(FileTask task) {
        synchronized (this) {
            task.nextFlush = waiting;
            waiting = task;
            if (running) {
                return;
            }
            running = true;
        }
        lead(task.queue());
    }

    /**
     * Notes that written data has not reached the storage and never will.
     *
     * @return the error number to tell for {@code errno}: that the space has run out would be taken for an error that
     *     ends when there is space again
     */
    int lose(int errno) {
        if (disk.isDirect()) {
            return errno;
        }
        lost = errno == Errno.ENOSPC ? Errno.EIO : errno;
        return lost;
    }

    /** Begins a flush for all that wait. On the loop of {@code leader}. */
    void lead(FileQueue leader) {
        synchronized (this) {
            served = waiting;
            waiting = null;
        }
        leader.sync();
    }

    /** The flush that {@code leader} began has ended. On its loop. */
    void ended(FileQueue leader, int result) {
        if (result == -Errno.EINTR) {
            leader.sync();
            return;
        }
        int errno = result < 0 ? lose(-result) : lost;
        FileTask task;
        FileTask next;
        synchronized (this) {
            task = served;
            served = null;
            next = waiting;
            running = next != null;
        }
        if (next != null) {
            if (next.queue().equals(leader)) {
                lead(leader);
            } else {
                next.queue().loop().post(next.queue().flushLeader());
            }
        }
        tell(task, leader, errno);
    }

    /** Flushes when nothing is in flight any more. Returns 0 or an error number. Any thread. */
    int flushNow() {
        int result = FileIo.fdatasync(disk.fd());
        return lost != 0 ? lost : Math.max(-result, 0);
    }

    private static void tell(@Nullable FileTask first, FileQueue leader, int errno) {
        FileTask task = first;
        while (task != null) {
            FileTask after = task.nextFlush;
            task.nextFlush = null;
            if (task.queue().equals(leader)) {
                task.flushed(errno);
            } else {
                task.flushErrno = errno;
                task.queue().loop().post(task.flushEnd());
            }
            task = after;
        }
    }
}
