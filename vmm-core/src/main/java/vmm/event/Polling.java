package vmm.event;

import java.util.Arrays;

/** Looking for work before waiting for it: whom to ask, and when to stop. {@link PollWindow} tells for how long. */
final class Polling {
    /** Looks between two looks at the clock. */
    private static final int LOOKS = 16;

    /** The processor is offered to others when nothing was found for so long. */
    private static final long YIELD_NANOS = 2_000;

    /** Offering took so long that somebody else has made use of it. */
    private static final long CONTENDED_NANOS = 5_000;

    private static final Poller[] NONE = {};

    private final WorkerLoop loop;
    private final PollWindow window;

    /** Replaced, never changed, so that a walk over it goes on undisturbed. */
    private Poller[] pollers = NONE;

    private boolean changed;

    /** Some may have silenced who would signal. */
    private boolean polled;

    Polling(WorkerLoop loop, long maxNanos) {
        this.loop = loop;
        window = new PollWindow(maxNanos);
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
        return window.nanos() > 0 && pollers.length > 0;
    }

    /** True if the loop should {@linkplain #learn learn} how long it was idle. */
    boolean adapts() {
        return window.canOpen() && pollers.length > 0;
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
        long end = Math.min(window.nanos(), limit);
        long now = start;
        while (now - start < end) {
            for (int i = 0; i < LOOKS; i++) {
                if (look()) {
                    window.found();
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
                    window.narrow();
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

    /** Adapts to a time, in nanoseconds, for which the loop had nothing to do before it was woken. */
    void learn(long idle) {
        window.woken(idle);
    }
}
