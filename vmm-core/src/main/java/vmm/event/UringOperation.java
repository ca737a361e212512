package vmm.event;

import org.jspecify.annotations.Nullable;
import vmm.linux.EventFd;
import vmm.linux.IoUring;
import vmm.linux.IoVector;

/**
 * A slot for one operation in a ring, used again and again. It keeps what the kernel works with reachable, and its
 * index is the operation's tag.
 */
final class UringOperation {
    private enum Kind {
        READ,
        WRITE,
        WRITE_STABLE,
        ALLOCATE,
        SYNC,
        POLL,
        CANCEL
    }

    private static final IoVector NO_DATA = new IoVector(1);

    private final int index;
    private Kind kind = Kind.CANCEL;
    private int fd;
    private IoVector data = NO_DATA;
    private long offset;
    private long length;
    private int mode;
    private int target;
    private @Nullable IoCompletion completion;
    private @Nullable EventFd source;
    private @Nullable Runnable handler;
    private @Nullable UringOperation next;

    UringOperation(int index) {
        this.index = index;
    }

    void readv(int fd, IoVector data, long offset, IoCompletion completion) {
        transfer(Kind.READ, fd, data, offset, completion);
    }

    void writev(int fd, IoVector data, long offset, IoCompletion completion) {
        transfer(Kind.WRITE, fd, data, offset, completion);
    }

    void writevStable(int fd, IoVector data, long offset, IoCompletion completion) {
        transfer(Kind.WRITE_STABLE, fd, data, offset, completion);
    }

    void fallocate(int fd, int mode, long offset, long length, IoCompletion completion) {
        transfer(Kind.ALLOCATE, fd, NO_DATA, offset, completion);
        this.mode = mode;
        this.length = length;
    }

    void fdatasync(int fd, IoCompletion completion) {
        transfer(Kind.SYNC, fd, NO_DATA, 0, completion);
    }

    private void transfer(Kind kind, int fd, IoVector data, long offset, IoCompletion completion) {
        this.kind = kind;
        this.fd = fd;
        this.data = data;
        this.offset = offset;
        this.completion = completion;
    }

    void watch(EventFd source, Runnable handler) {
        this.kind = Kind.POLL;
        this.fd = source.fd();
        this.source = source;
        this.handler = handler;
    }

    void cancel(UringOperation other) {
        this.kind = Kind.CANCEL;
        this.target = other.index;
    }

    /** Forgets who wants to know, and what the kernel no longer needs. */
    void abandon() {
        data = NO_DATA;
        completion = null;
        source = null;
        handler = null;
    }

    void addTo(IoUring ring) {
        switch (kind) {
            case READ -> ring.readv(fd, data, offset, index);
            case WRITE -> ring.writev(fd, data, offset, index);
            case WRITE_STABLE -> ring.writevStable(fd, data, offset, index);
            case ALLOCATE -> ring.fallocate(fd, mode, offset, length, index);
            case SYNC -> ring.fdatasync(fd, index);
            case POLL -> ring.pollReadable(fd, index);
            case CANCEL -> ring.cancel(target, index);
        }
    }

    /** Who is told of a file operation's end; null for polls and cancellations. */
    @Nullable
    IoCompletion completion() {
        return completion;
    }

    /** Who is told of signals; null for file operations, cancellations and watches that have ended. */
    @Nullable
    Runnable handler() {
        return handler;
    }

    /** What is watched, as long as there is a {@link #handler}. */
    EventFd source() {
        if (source == null) {
            throw new IllegalStateException("This operation watches nothing.");
        }
        return source;
    }

    /** Operations in order of their arrival, linked through themselves. One can be in one queue only. */
    static final class Queue {
        private @Nullable UringOperation first;
        private @Nullable UringOperation last;

        boolean isEmpty() {
            return first == null;
        }

        void add(UringOperation operation) {
            if (last == null) {
                first = operation;
            } else {
                last.next = operation;
            }
            last = operation;
        }

        UringOperation poll() {
            UringOperation operation = first;
            if (operation == null) {
                throw new IllegalStateException("The queue is empty.");
            }
            first = operation.next;
            if (first == null) {
                last = null;
            }
            operation.next = null;
            return operation;
        }
    }
}
