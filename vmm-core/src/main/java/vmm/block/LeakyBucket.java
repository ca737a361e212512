package vmm.block;

/**
 * Measures one kind of traffic against its limit: what was done fills the bucket, time empties it, and while it is too
 * full nothing more may be done. What it holds before it is too full is the burst. Not for several threads at once.
 */
final class LeakyBucket {
    private static final double NANOS_PER_SECOND = 1e9;

    /**
     * The part of a second that may be done at once without a burst, so that a limit does not depend on fine timing.
     */
    private static final double SLACK = 0.1;

    /** Nobody waits longer than this, an hour, without asking again. */
    private static final double LONGEST_DELAY = 3600 * NANOS_PER_SECOND;

    private final double rate;
    private final double capacity;
    private final double burstRate;
    private final double burstCapacity;
    private final boolean longBurst;
    private double level;

    /** What was done beyond {@link #burstRate}: a burst of several seconds must not come all at once. */
    private double burstLevel;

    LeakyBucket(ThrottleLimits.Rate limit) {
        rate = limit.perSecond();
        burstRate = limit.burst();
        capacity = burstRate > 0 ? burstRate * limit.burstSeconds() : rate * SLACK;
        burstCapacity = burstRate * SLACK;
        longBurst = limit.burstSeconds() > 1;
    }

    /** Lets {@code nanos} nanoseconds of time pass. */
    void leak(long nanos) {
        level = Math.max(0, level - rate * nanos / NANOS_PER_SECOND);
        burstLevel = Math.max(0, burstLevel - burstRate * nanos / NANOS_PER_SECOND);
    }

    /** How many nanoseconds it takes until something may be done; 0 if it may be done now. */
    long delay() {
        if (rate == 0) {
            return 0;
        }
        long delay = delay(level - capacity, rate);
        return longBurst ? Math.max(delay, delay(burstLevel - burstCapacity, burstRate)) : delay;
    }

    private static long delay(double excess, double rate) {
        return excess <= 0 ? 0 : (long) Math.min(Math.ceil(excess / rate * NANOS_PER_SECOND), LONGEST_DELAY);
    }

    /** Counts what is done. */
    void add(double units) {
        level += rate > 0 ? units : 0;
        burstLevel += longBurst ? units : 0;
    }
}
