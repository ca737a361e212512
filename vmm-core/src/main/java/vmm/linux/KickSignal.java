package vmm.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The real-time signal that takes a thread out of a blocking system call.
 *
 * <p>The receiving thread keeps it blocked at all times but inside the one call that unblocks it (for a vCPU,
 * {@code KVM_RUN} with {@code KVM_SET_SIGNAL_MASK}). So it is never delivered: no handler exists and none is wanted. It
 * stays pending until {@link #drain}, which also means that a kick before the call is not lost. A thread drains it
 * before it ends.
 */
public final class KickSignal {
    /** Signal number 40: above those that the C library and the JVM use. */
    private static final int NUMBER = 40;

    private static final long BIT = 1L << (NUMBER - 1);

    /** {@code sizeof(sigset_t)} as the kernel counts it. */
    public static final int MASK_SIZE = 8;

    private static final long SYS_RT_SIGPROCMASK = 14;
    private static final long SYS_GETPID = 39;
    private static final long SYS_RT_SIGTIMEDWAIT = 128;
    private static final long SYS_GETTID = 186;
    private static final long SYS_TGKILL = 234;
    private static final long SIG_BLOCK = 0;

    private static final MemorySegment SET = Arena.global().allocate(JAVA_LONG);
    /** {@code struct timespec} of zero seconds and nanoseconds. */
    private static final MemorySegment NO_WAIT = Arena.global().allocate(16, Long.BYTES);

    static {
        SET.set(JAVA_LONG, 0, BIT);
    }

    private final long process = call(SYS_GETPID, 0, 0, 0, 0);
    private final long thread = call(SYS_GETTID, 0, 0, 0, 0);
    private final long mask;

    private KickSignal() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment before = arena.allocate(JAVA_LONG);
            call(SYS_RT_SIGPROCMASK, SIG_BLOCK, SET.address(), before.address(), MASK_SIZE);
            mask = before.get(JAVA_LONG, 0) & ~BIT;
        }
    }

    /** Blocks the signal for the calling thread, which becomes the one that {@link #send} reaches. */
    public static KickSignal forCurrentThread() {
        return new KickSignal();
    }

    /** The thread's signal mask with this signal let in: bit {@code n - 1} stands for a blocked signal {@code n}. */
    public long maskThatLetsItIn() {
        return mask;
    }

    /** Sends the signal. Any thread may call while the receiver lives. */
    public void send() {
        call(SYS_TGKILL, process, thread, NUMBER, 0);
    }

    /** Takes back every signal that is pending for the calling thread. Receiver's thread only. */
    public void drain() {
        while (call(SYS_RT_SIGTIMEDWAIT, SET.address(), 0, NO_WAIT.address(), MASK_SIZE) == NUMBER) {}
    }

    private static long call(long number, long a, long b, long c, long d) {
        return Libc.syscall(number, a, b, c, d, 0, 0);
    }
}
