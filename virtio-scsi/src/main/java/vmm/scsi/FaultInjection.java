package vmm.scsi;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What goes wrong in a logical unit because somebody wants it to, for teaching and for tests of initiators. Set by
 * {@link LogicalUnit#inject}, at any time; each instance counts down its own faults. Any thread may call.
 */
public final class FaultInjection {
    /** A fault that lasts until it is taken back. */
    public static final int ALWAYS = Integer.MAX_VALUE;

    /** Blocks that cannot be read or written. */
    private record BadRange(long first, long count, int errno) {}

    /** How a number of commands fares. */
    private enum Fate {
        BUSY,
        LOST,
        DELAYED
    }

    private static final BadRange[] NONE = {};

    private volatile BadRange[] badRanges = NONE;
    private int busy;
    private int lost;
    private int delayed;
    private long delayNanos;

    /** Nothing goes wrong. */
    public FaultInjection() {}

    /**
     * Lets reads, writes and the like end with MEDIUM ERROR if they touch a range of the medium.
     *
     * @param offset where it begins, in bytes
     * @param length in bytes
     * @param errno the error number that the medium seems to have answered: {@code EIO} for UNRECOVERED READ ERROR or
     *     WRITE ERROR
     */
    public synchronized void failRange(long offset, long length, int errno) {
        BadRange[] more = Arrays.copyOf(badRanges, badRanges.length + 1);
        more[badRanges.length] = new BadRange(offset, length, errno);
        badRanges = more;
    }

    /** Lets the next commands end with BUSY. */
    public synchronized void busy(int commands) {
        busy = commands;
    }

    /** Lets the next commands never end, unless they are aborted. */
    public synchronized void loseResponses(int commands) {
        lost = commands;
    }

    /**
     * Lets the next commands begin late.
     *
     * @param nanos how late, in nanoseconds
     */
    public synchronized void delay(int commands, long nanos) {
        delayed = commands;
        delayNanos = nanos;
    }

    /** A short description, for people. */
    @Override
    public synchronized String toString() {
        return "bad ranges " + badRanges.length + ", busy " + busy + ", lost " + lost + ", delayed " + delayed + " by "
                + TimeUnit.NANOSECONDS.toMillis(delayNanos) + " ms";
    }

    /** True if a command may run; otherwise it has ended, runs later or is lost. */
    boolean admits(ItlNexus nexus, ScsiTask task) {
        Fate fate = takeFate();
        if (fate == null) {
            return true;
        }
        switch (fate) {
            case BUSY -> task.end(ScsiStatus.BUSY);
            case LOST -> task.park(new Object());
            case DELAYED -> {
                Object ticket = new Object();
                task.park(ticket);
                nexus.initiator().loop().schedule(delayNanos, () -> {
                    if (task.unpark(ticket)) {
                        nexus.execute(task);
                    }
                });
            }
        }
        return false;
    }

    private synchronized @Nullable Fate takeFate() {
        if (busy > 0) {
            busy = oneLess(busy);
            return Fate.BUSY;
        }
        if (lost > 0) {
            lost = oneLess(lost);
            return Fate.LOST;
        }
        if (delayed > 0) {
            delayed = oneLess(delayed);
            return Fate.DELAYED;
        }
        return null;
    }

    private static int oneLess(int commands) {
        return commands == ALWAYS ? ALWAYS : commands - 1;
    }

    /**
     * Where the medium fails within a range.
     *
     * @return the offset of the first bad byte, or -1 if all is well
     */
    long firstBad(long offset, long length) {
        long first = -1;
        for (BadRange bad : badRanges) {
            if (bad.first < offset + length && offset < bad.first + bad.count) {
                long begin = Math.max(bad.first, offset);
                first = first < 0 ? begin : Math.min(first, begin);
            }
        }
        return first;
    }

    /** The error number of the range that has {@code offset}. */
    int errnoAt(long offset) {
        for (BadRange bad : badRanges) {
            if (bad.first <= offset && offset < bad.first + bad.count) {
                return bad.errno;
            }
        }
        return 0;
    }
}
