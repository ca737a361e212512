package vmm.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/** Reading and writing sockets without waiting, whatever their own mode is. One thread at a time, each its own. */
public final class SocketIo {
    private static final int SYS_SENDMSG = 46;
    private static final int SYS_RECVMSG = 47;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;

    // struct msghdr { void *msg_name; socklen_t msg_namelen; struct iovec *msg_iov; size_t msg_iovlen; ... };
    static final int MSGHDR_SIZE = 56;
    static final int MSGHDR_IOV = 16;
    static final int MSGHDR_IOVLEN = 24;

    private SocketIo() {}

    /** Reads what is there, up to the size of {@code data}; 0 at the end, -EAGAIN if there is nothing yet. */
    public static int receiveNow(int fd, IoVector data) {
        return call(SYS_RECVMSG, fd, data, MSG_DONTWAIT);
    }

    /** Writes what there is room for; -EAGAIN if there is none yet. */
    public static int sendNow(int fd, IoVector data) {
        return call(SYS_SENDMSG, fd, data, MSG_DONTWAIT | MSG_NOSIGNAL);
    }

    private static int call(int number, int fd, IoVector data, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment header = arena.allocate(MSGHDR_SIZE, Long.BYTES);
            header.set(JAVA_LONG, MSGHDR_IOV, data.address());
            header.set(JAVA_LONG, MSGHDR_IOVLEN, Math.min(data.count(), FileIo.MAX_BUFFERS));
            return (int) Libc.orErrno(Libc.syscall(number, fd, header.address(), flags, 0, 0, 0));
        } finally {
            Reference.reachabilityFence(data);
        }
    }
}
