package vmm.event;

/**
 * For how long a loop looks for work before it waits.
 *
 * <p>The time adapts to what happens. It doubles when looking has found work, and when work came a little later than
 * the loop was willing to look; it halves when nothing came for much longer than the limit, and is soon nothing. A loop
 * that is idle, or whose work comes at long intervals, so costs next to nothing.
 *
 * <p>A loop that waits does not see when work was there, only when it woke, and waking may take longer than the limit
 * and longer than the work: so what looking would have found at once seems to have come late. That is why a loop that
 * does not look tries it again now and then, whatever it has learnt.
 */
final class PollWindow {
    private static final long LEAST_NANOS = 4_000;

    /** What was noticed within so many limits may have been there within one. */
    private static final int NEAR = 2;

    /** Waits in a row, none of which looking has spared, until it is given up. */
    private static final int IN_VAIN = 8;

    /** Waits until it is tried again after it was given up. */
    private static final int LONG_REST = 64;

    /** Waits until it is tried again after nothing came for long: a try of the shortest kind costs little. */
    private static final int SHORT_REST = 16;

    private final long limit;
    private long nanos;
    private int inVain;
    private int rest;

    /** @param limit the longest time in nanoseconds, 0 never to look */
    PollWindow(long limit) {
        this.limit = limit;
    }

    /** The time in nanoseconds, 0 not to look. */
    long nanos() {
        return nanos;
    }

    /** True if the time may ever be more than 0. */
    boolean canOpen() {
        return limit > 0;
    }

    /** Looking has found work, and spared a wait. */
    void found() {
        inVain = 0;
        widen();
    }

    /** The loop was woken after {@code idle} nanoseconds without work, those of looking among them. */
    void woken(long idle) {
        if (nanos == 0) {
            if (--rest <= 0) {
                widen();
            }
        } else if (idle > NEAR * limit) {
            narrow();
        } else if (++inVain > IN_VAIN) {
            close(LONG_REST);
        } else if (idle > nanos) {
            widen();
        }
    }

    /** Looking takes the processor from somebody, or there is nothing to be found. */
    void narrow() {
        if (nanos / 2 < LEAST_NANOS) {
            close(SHORT_REST);
        } else {
            nanos /= 2;
        }
    }

    private void widen() {
        nanos = Math.min(nanos == 0 ? LEAST_NANOS : 2 * nanos, limit);
    }

    private void close(int waits) {
        nanos = 0;
        inVain = 0;
        rest = waits;
    }
}
