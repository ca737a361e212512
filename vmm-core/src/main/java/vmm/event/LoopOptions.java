package vmm.event;

/**
 * How an event loop is to work.
 *
 * @param kind what it waits with
 * @param pollMaxNanos the longest time in nanoseconds for which the loop looks at its {@linkplain Poller pollers}
 *     before it waits in the kernel; 0 never does
 */
public record LoopOptions(Kind kind, long pollMaxNanos) {
    /** What a loop waits with. */
    public enum Kind {
        /** io_uring if the host has it, poll(2) and threads if not. */
        AUTO,
        /** io_uring. */
        IO_URING,
        /** poll(2), with threads for operations on files. */
        POLL
    }

    /** As long as waking up somebody who waits takes: looking for longer costs more than it gains. */
    private static final long POLL_MAX_NANOS = 32_768;

    /**
     * What suits this host. With a single processor nobody looks: whoever is to bring the work could not run meanwhile.
     */
    public static LoopOptions standard() {
        boolean alone = Runtime.getRuntime().availableProcessors() == 1;
        return new LoopOptions(Kind.AUTO, alone ? 0 : POLL_MAX_NANOS);
    }

    /** The same with another kind of loop. */
    public LoopOptions withKind(Kind other) {
        return new LoopOptions(other, pollMaxNanos);
    }

    /** The same with another limit of polling, 0 or more nanoseconds. */
    public LoopOptions withPollMaxNanos(long nanos) {
        return new LoopOptions(kind, nanos);
    }
}
