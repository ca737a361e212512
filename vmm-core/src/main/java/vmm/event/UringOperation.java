package vmm.event;

import org.jspecify.annotations.Nullable;
import vmm.linux.EventFd;
import vmm.linux.IoUring;

/**
 * A slot for one operation in a ring, used again and again. It keeps what the kernel works with reachable, and its
 * index is the operation's tag.
 */
final class UringOperation extends FileOperation {
    /** What the slot is for at the moment. */
    enum Role {
        FREE,
        FILE,
        WATCH,
        CANCELLATION
    }

    private final int index;
    private Role role = Role.FREE;
    private int target;
    private @Nullable EventFd source;
    private @Nullable Runnable handler;
    private @Nullable UringOperation next;

    UringOperation(int index) {
        this.index = index;
    }

    /** For an operation on a file, which is still to be told. */
    FileOperation file() {
        role = Role.FILE;
        return this;
    }

    void watch(EventFd watched, Runnable newHandler) {
        role = Role.WATCH;
        source = watched;
        handler = newHandler;
    }

    void cancel(UringOperation other) {
        role = Role.CANCELLATION;
        target = other.index;
    }

    /** A watch's completions that are on their way find nobody. */
    void abandon() {
        source = null;
        handler = null;
    }

    void free() {
        abandon();
        role = Role.FREE;
    }

    void addTo(IoUring ring) {
        switch (role) {
            case FILE -> addFileOperation(ring);
            case WATCH -> ring.pollReadable(source().fd(), index);
            case CANCELLATION -> ring.cancel(target, index);
            case FREE -> throw new IllegalStateException("There is nothing to do.");
        }
    }

    private void addFileOperation(IoUring ring) {
        switch (kind()) {
            case READ -> ring.readv(fd(), data(), offset(), index);
            case WRITE -> ring.writev(fd(), data(), offset(), index);
            case WRITE_STABLE -> ring.writevStable(fd(), data(), offset(), index);
            case SYNC -> ring.fdatasync(fd(), index);
            case ALLOCATE -> ring.fallocate(fd(), mode(), offset(), length(), index);
            case DISCARD -> throw new IllegalStateException("io_uring has no such operation.");
        }
    }

    Role role() {
        return role;
    }

    /** Who is told of signals; null for watches that have ended. */
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
