package vmm.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A connected stream socket. What is sent leaves at once (TCP_NODELAY), and a TCP peer that vanished is found out
 * (SO_KEEPALIVE).
 *
 * <p>Any thread may call. {@link #fd} is for an event loop's vectored reads and writes; the methods here block.
 */
public final class Socket implements AutoCloseable {
    private static final int AF_UNIX = 1;
    private static final int AF_INET = 2;
    private static final int AF_INET6 = 10;
    private static final int SOCK_STREAM = 1;
    private static final int SOCK_CLOEXEC = 0x80000;

    private static final int SOL_SOCKET = 1;
    private static final int SO_KEEPALIVE = 9;
    private static final int SO_RCVTIMEO = 20;
    private static final int SO_SNDTIMEO = 21;
    private static final int IPPROTO_TCP = 6;
    private static final int TCP_NODELAY = 1;
    private static final int TCP_KEEPIDLE = 4;
    private static final int TCP_KEEPINTVL = 5;
    private static final int TCP_KEEPCNT = 6;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int SHUT_RDWR = 2;

    // struct sockaddr_in { sa_family_t sin_family; in_port_t sin_port; struct in_addr sin_addr; ... };
    static final int SOCKADDR_IN_SIZE = 16;
    static final int SIN_PORT = 2;
    static final int SIN_ADDR = 4;
    // struct sockaddr_in6 { ... sin6_port; uint32_t sin6_flowinfo; struct in6_addr sin6_addr; uint32_t sin6_scope_id;
    // };
    static final int SOCKADDR_IN6_SIZE = 28;
    static final int SIN6_ADDR = 8;
    static final int SIN6_SCOPE_ID = 24;
    // struct sockaddr_un { sa_family_t sun_family; char sun_path[108]; };
    static final int SOCKADDR_UN_SIZE = 110;
    static final int SUN_PATH = 2;
    // struct timeval { time_t tv_sec; suseconds_t tv_usec; };
    static final int TIMEVAL_SIZE = 16;
    private static final int TV_USEC = 8;

    /** The longest name of a local socket, in bytes of UTF-8. */
    public static final int MAX_PATH = SOCKADDR_UN_SIZE - SUN_PATH - 1;

    /** An idle peer is asked for a sign of life after a minute, and given up after another half. */
    private static final int KEEP_IDLE_SECONDS = 60;

    private static final int KEEP_INTERVAL_SECONDS = 10;
    private static final int KEEP_PROBES = 3;

    private final int fd;

    private Socket(int fd) {
        this.fd = fd;
    }

    /** Takes over a descriptor that one of the connect methods has returned. */
    public static Socket of(int fd) {
        return new Socket(fd);
    }

    /**
     * Connects by TCP.
     *
     * @param address an IPv4 or IPv6 address, 4 or 16 bytes
     * @param scope the interface of a link-local IPv6 address, or 0
     * @param millis how long that may take; more than 0
     * @return the descriptor, at least 0, or a negative error number: ETIMEDOUT if time is up
     */
    public static int connectTcp(byte[] address, int scope, int port, long millis) {
        boolean six = address.length != 4;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(six ? SOCKADDR_IN6_SIZE : SOCKADDR_IN_SIZE, Integer.BYTES);
            name.set(JAVA_SHORT, 0, (short) (six ? AF_INET6 : AF_INET));
            name.set(JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN), SIN_PORT, (short) port);
            MemorySegment.copy(address, 0, name, JAVA_BYTE, six ? SIN6_ADDR : SIN_ADDR, address.length);
            if (six) {
                name.set(JAVA_INT, SIN6_SCOPE_ID, scope);
            }
            int fd = connect(six ? AF_INET6 : AF_INET, name, millis);
            if (fd >= 0) {
                set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
                set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
                set(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEP_IDLE_SECONDS);
                set(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEP_INTERVAL_SECONDS);
                set(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEP_PROBES);
            }
            return fd;
        }
    }

    /**
     * Connects to a local socket.
     *
     * @param path of its file, of at most {@link #MAX_PATH} bytes; after a NUL character, a name in the abstract
     *     namespace
     * @param millis how long that may take; more than 0
     * @return the descriptor, at least 0, or a negative error number
     */
    public static int connectUnix(String path, long millis) {
        byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > MAX_PATH) {
            return -Errno.EINVAL;
        }
        try (Arena arena = Arena.ofConfined()) {
            // unix(7): the length says where an abstract name ends; a path ends with a zero
            boolean isAbstract = bytes.length > 0 && bytes[0] == 0;
            int size = SUN_PATH + bytes.length + (isAbstract ? 0 : 1);
            MemorySegment name = arena.allocate(size, Short.BYTES);
            name.set(JAVA_SHORT, 0, (short) AF_UNIX);
            MemorySegment.copy(bytes, 0, name, JAVA_BYTE, SUN_PATH, bytes.length);
            return connect(AF_UNIX, name, millis);
        }
    }

    private static int connect(int domain, MemorySegment name, long millis) {
        int fd = Libc.orErrno(Libc.socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (fd < 0) {
            return fd;
        }
        limitWaits(fd, SO_SNDTIMEO, millis);
        int result = Libc.orErrno(Libc.connect(fd, name.address(), (int) name.byteSize()));
        if (result < 0) {
            Libc.close(fd);
            // socket(7): that is how connect tells that SO_SNDTIMEO has passed
            return result == -Errno.EINPROGRESS || result == -Errno.EAGAIN ? -Errno.ETIMEDOUT : result;
        }
        limitWaits(fd, SO_SNDTIMEO, 0);
        return fd;
    }

    private static void set(int fd, int level, int option, int value) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment word = arena.allocateFrom(JAVA_INT, value);
            Libc.setsockopt(fd, level, option, word.address(), Integer.BYTES);
        }
    }

    private static void limitWaits(int fd, int option, long millis) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment time = arena.allocate(TIMEVAL_SIZE, Long.BYTES);
            time.set(JAVA_LONG, 0, millis / 1000);
            time.set(JAVA_LONG, TV_USEC, millis % 1000 * 1000);
            Libc.setsockopt(fd, SOL_SOCKET, option, time.address(), TIMEVAL_SIZE);
        }
    }

    /** The descriptor, for handing to the kernel. It stays this object's. */
    public int fd() {
        return fd;
    }

    /**
     * Sets how long {@link #receive} and {@link #send} wait, after which they fail with EAGAIN.
     *
     * @param millis milliseconds; 0 for as long as it takes
     */
    public void limitWaits(long millis) {
        limitWaits(fd, SO_RCVTIMEO, millis);
        limitWaits(fd, SO_SNDTIMEO, millis);
    }

    /** Waits for bytes and stores them. Returns how many, 0 if there will be no more, or a negative error number. */
    public int receive(MemorySegment target) {
        try {
            return (int) Libc.orErrno(Libc.read(fd, target.address(), target.byteSize()));
        } finally {
            Reference.reachabilityFence(target);
        }
    }

    /** Sends some of the bytes. Returns how many, or a negative error number: EPIPE if the other side has closed. */
    public int send(MemorySegment source) {
        try {
            return (int) Libc.orErrno(Libc.send(fd, source.address(), source.byteSize(), MSG_NOSIGNAL));
        } finally {
            Reference.reachabilityFence(source);
        }
    }

    /** Ends both directions: whoever waits to read sees the end, whoever waits to write gets EPIPE. */
    public void shutdown() {
        Libc.shutdown(fd, SHUT_RDWR);
    }

    /** Gives the descriptor back. Call once, when nobody else uses it. */
    @Override
    public void close() {
        Libc.close(fd);
    }
}
