package vmm.event;

/**
 * For how long a loop looks for work before it waits.
 *
 * <p>The time adapts to what happens. When work came a little later than the loop was willing to look, it looks for
 * twice as long the next time; when nothing came for much longer than the limit, for half as long, and soon not at all.
 * A loop that is idle, or whose work comes at long intervals, so costs nothing.
 *
 * <p>A loop that waits does not see when work was there, only when it woke, and waking may take longer than the limit:
 * so what looking would have found at once seems to have come late. Work that came not much later than the limit is
 * therefore looked for, too, and if that is in vain some times in a row, only now and then.
 */
final class PollWindow {
    private static final long LEAST_NANOS = 4_000;

    /** What was noticed within so many limits may have been there within one. */
    private static final int NEAR = 2;

    /** Waits in a row, none of which looking has spared, until it is given up. */
    private static final int IN_VAIN = 8;

    /** Waits until it is tried again. */
    private static final int REST = 64;

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
    }

    /** The loop was woken after {@code idle} nanoseconds without work, those of looking among them. */
    void woken(long idle) {
        if (idle > NEAR * limit) {
            narrow();
        } else if (rest > 0) {
            rest--;
        } else if (++inVain > IN_VAIN) {
            inVain = 0;
            rest = REST;
            nanos = 0;
        } else if (idle > nanos) {
            nanos = Math.min(nanos == 0 ? LEAST_NANOS : 2 * nanos, limit);
        }
    }

    /** Looking takes the processor from somebody, or there is nothing to be found. */
    void narrow() {
        nanos = nanos / 2 < LEAST_NANOS ? 0 : nanos / 2;
    }
}
