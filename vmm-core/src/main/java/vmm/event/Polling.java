package vmm.event;

import java.util.Arrays;

/**
 * Looking for work before waiting for it: whom to ask, and for how long.
 *
 * <p>The time adapts to what happens. When work came a little later than the loop was willing to look, it looks for
 * twice as long the next time; when nothing came for longer than the limit, it does not look at all. A loop that is
 * idle, or whose work comes at long intervals, so costs nothing.
 */
final class Polling {
    private static final long FIRST_NANOS = 4_000;

    /** Looks between two looks at the clock. */
    private static final int LOOKS = 16;

    /** The processor is offered to others when nothing was found for so long. */
    private static final long YIELD_NANOS = 2_000;

    /** Offering took so long that somebody else has made use of it. */
    private static final long CONTENDED_NANOS = 5_000;

    private static final Poller[] NONE = {};

    private final WorkerLoop loop;
    private final long maxNanos;

    /** Replaced, never changed, so that a walk over it goes on undisturbed. */
    private Poller[] pollers = NONE;

    private boolean changed;

    /** Some may have silenced who would signal. */
    private boolean polled;

    private long nanos;

    Polling(WorkerLoop loop, long maxNanos) {
        this.loop = loop;
        this.maxNanos = maxNanos;
    }

    void add(Poller poller) {
        changed = true;
        Poller[] grown = Arrays.copyOf(pollers, pollers.length + 1);
        grown[pollers.length] = poller;
        pollers = grown;
    }

    void remove(Poller poller) {
        changed = true;
        pollers = Arrays.stream(pollers).filter(other -> !other.equals(poller)).toArray(Poller[]::new);
    }

    void clear() {
        changed = true;
        pollers = NONE;
    }

    /** True if there is work that only a look will find, since nobody signals it. */
    boolean isDue() {
        return polled;
    }

    /** True if it is worth looking before waiting. */
    boolean isWorthwhile() {
        return nanos > 0 && pollers.length > 0;
    }

    /** True if the loop should {@linkplain #learn learn} how long it was idle. */
    boolean adapts() {
        return maxNanos > 0 && pollers.length > 0;
    }

    /** Looks at each poller once. Returns true if any had work. */
    boolean look() {
        polled = true;
        changed = false;
        boolean found = false;
        for (Poller poller : pollers) {
            if (!changed || Arrays.asList(pollers).contains(poller)) {
                found |= loop.ask(poller);
            }
        }
        return found;
    }

    /**
     * Looks for work until there is some, the kernel has something for the loop, or time is up.
     *
     * @param start when the loop became idle
     * @param limit not to be exceeded, in nanoseconds
     * @return true if a poller had work
     */
    boolean spin(long start, long limit) {
        long end = Math.min(nanos, limit);
        long now = start;
        while (now - start < end) {
            for (int i = 0; i < LOOKS; i++) {
                if (look()) {
                    return true;
                }
                if (loop.hasWork()) {
                    return false;
                }
                Thread.onSpinWait();
            }
            now = System.nanoTime();
            if (now - start > YIELD_NANOS) {
                offerProcessor();
                long after = System.nanoTime();
                if (after - now > CONTENDED_NANOS) {
                    // A vCPU wants this core, and whoever brings work may be that vCPU.
                    nanos = 0;
                    return false;
                }
                now = after;
            }
        }
        return false;
    }

    @SuppressWarnings("ThreadPriorityCheck") // Not for correctness: who spins is to be kind to those who work.
    private static void offerProcessor() {
        Thread.yield();
    }

    /** Has signals sent again. Returns true if there is work now. */
    boolean prepareToWait() {
        if (!polled) {
            return false;
        }
        polled = false;
        changed = false;
        boolean more = false;
        for (Poller poller : pollers) {
            if (!changed || Arrays.asList(pollers).contains(poller)) {
                more |= loop.prepare(poller);
            }
        }
        return more;
    }

    /** Adapts to a time, in nanoseconds, for which the loop had nothing to do. */
    void learn(long idle) {
        if (idle > maxNanos) {
            nanos = 0;
        } else if (idle > nanos) {
            nanos = Math.min(nanos == 0 ? FIRST_NANOS : 2 * nanos, maxNanos);
        }
    }
}
