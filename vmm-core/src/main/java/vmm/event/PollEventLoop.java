package vmm.event;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import vmm.event.FileOperation.Kind;
import vmm.linux.Errno;
import vmm.linux.EventFd;
import vmm.linux.IoVector;
import vmm.linux.PollSet;
import vmm.linux.SocketIo;

/**
 * An event loop on a thread of its own for hosts without io_uring: it waits in poll(2), has {@linkplain #threads
 * threads} do its operations on files, and does those on sockets itself as soon as they would not wait.
 */
final class PollEventLoop extends WorkerLoop {
    private static final EventFd[] NONE = {};

    private final PollSet set = new PollSet();
    private final Map<EventFd, Runnable> watches = new LinkedHashMap<>();
    private final List<FileOperation> onSockets = new ArrayList<>();
    private final List<FileOperation> readyOnSockets = new ArrayList<>();

    /** The sources that the set holds, after the bell and before the sockets. */
    private EventFd[] watched = NONE;

    private boolean changed = true;

    PollEventLoop(LoopOptions options) {
        super(options);
    }

    @Override
    boolean hasWork() {
        return hasMail();
    }

    @Override
    boolean serve(long nanos) {
        refresh();
        int ready = set.await(nanos);
        if (ready < 0) {
            if (ready != -Errno.EINTR) {
                throw new IllegalStateException("poll failed: " + Errno.describe(-ready) + ".");
            }
            return false;
        }
        if (ready == 0) {
            return false;
        }
        // Handlers change the set, so what it said of sockets is noted first.
        readyOnSockets.clear();
        for (int i = 0; i < onSockets.size(); i++) {
            if (set.isReady(1 + watched.length + i)) {
                readyOnSockets.add(onSockets.get(i));
            }
        }
        boolean handled = false;
        if (set.isReady(0)) {
            bell.drain();
            handled = takeMail();
        }
        EventFd[] sources = watched;
        for (int i = 0; i < sources.length; i++) {
            handled |= set.isReady(1 + i) && ring(sources[i]);
        }
        for (int i = 0; i < readyOnSockets.size(); i++) {
            handled |= tryOn(readyOnSockets.get(i));
        }
        return handled;
    }

    private void refresh() {
        if (!changed) {
            return;
        }
        changed = false;
        watched = watches.keySet().toArray(EventFd[]::new);
        set.clear();
        set.add(bell.fd(), false);
        for (EventFd source : watched) {
            set.add(source.fd(), false);
        }
        for (FileOperation operation : onSockets) {
            set.add(operation.fd(), operation.kind() != Kind.READ);
        }
    }

    private boolean ring(EventFd source) {
        Runnable handler = watches.get(source);
        if (handler == null || source.drain() == 0) {
            return false;
        }
        run(handler);
        return true;
    }

    /** Does an operation on a socket unless that would wait. Returns true if it was done. */
    private boolean tryOn(FileOperation operation) {
        int result = operation.kind() == Kind.READ
                ? SocketIo.receiveNow(operation.fd(), operation.data())
                : SocketIo.sendNow(operation.fd(), operation.data());
        if (result == -Errno.EAGAIN || result == -Errno.EINTR) {
            return false;
        }
        onSockets.remove(operation);
        changed = true;
        complete(operation.release(), result);
        return true;
    }

    @Override
    public void watch(EventFd source, Runnable handler) {
        checkInLoop();
        if (watches.putIfAbsent(source, handler) != null) {
            throw new IllegalStateException("The eventfd " + source.fd() + " is watched already.");
        }
        changed = true;
    }

    @Override
    public void unwatch(EventFd source) {
        checkInLoop();
        watches.remove(source);
        changed = true;
    }

    @Override
    void forgetWatches() {
        watches.clear();
        changed = true;
    }

    @Override
    public void readv(int fd, IoVector data, long offset, IoCompletion completion) {
        if (offset == -1) {
            start(Kind.READ, fd, data, completion);
        } else {
            threads().readv(fd, data, offset, completion);
        }
    }

    @Override
    public void writev(int fd, IoVector data, long offset, IoCompletion completion) {
        if (offset == -1) {
            start(Kind.WRITE, fd, data, completion);
        } else {
            threads().writev(fd, data, offset, completion);
        }
    }

    /** Not by a thread: one that waits for a peer may wait for ever, and a few of them would leave none for files. */
    private void start(Kind kind, int fd, IoVector data, IoCompletion completion) {
        operationStarted();
        FileOperation operation = new FileOperation();
        operation.transfer(kind, fd, data, -1, completion);
        onSockets.add(operation);
        changed = true;
    }

    @Override
    public void writevStable(int fd, IoVector data, long offset, IoCompletion completion) {
        threads().writevStable(fd, data, offset, completion);
    }

    @Override
    public void fdatasync(int fd, IoCompletion completion) {
        threads().fdatasync(fd, completion);
    }

    @Override
    public void fallocate(int fd, int mode, long offset, long length, IoCompletion completion) {
        threads().fallocate(fd, mode, offset, length, completion);
    }

    @Override
    void release() {
        // The set holds nothing of the kernel's.
    }
}
