package vmm.scsi;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What goes wrong in a logical unit because somebody wants it to, for teaching and for tests of initiators. Set by
 * {@link LogicalUnit#inject}, at any time; each instance counts down its own faults. Any thread may call.
 */
public final class FaultInjection {
    /** A fault that lasts until it is taken back. */
    public static final int ALWAYS = Integer.MAX_VALUE;

    /**
     * Blocks that cannot be read or written.
     *
     * @param offset where they begin, in bytes
     * @param length in bytes
     * @param errno what reading or writing them comes to
     */
    public record BadRange(long offset, long length, int errno) {}

    /**
     * What is still to go wrong. Numbers of commands are at least 0, and {@link #ALWAYS} for all.
     *
     * @param badRanges where the medium fails
     * @param busy commands that end with BUSY
     * @param lost commands that never end
     * @param delayed commands that begin late
     * @param delay how late
     */
    public record State(List<BadRange> badRanges, int busy, int lost, int delayed, Duration delay) {
        /** Nothing goes wrong. */
        public static final State NONE = new State(List.of(), 0, 0, 0, Duration.ZERO);
    }

    /** How a number of commands fares. */
    private enum Fate {
        BUSY,
        LOST,
        DELAYED
    }

    private volatile State state = State.NONE;

    /** Let commands go on whose response was lost, unless they have ended. */
    private List<Runnable> lost = List.of();

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
        List<BadRange> more = Stream.concat(state.badRanges.stream(), Stream.of(new BadRange(offset, length, errno)))
                .toList();
        state = new State(more, state.busy, state.lost, state.delayed, state.delay);
    }

    /** Lets the next commands end with BUSY. */
    public synchronized void busy(int commands) {
        state = new State(state.badRanges, commands, state.lost, state.delayed, state.delay);
    }

    /** Lets the next commands never end, unless they are aborted. */
    public synchronized void loseResponses(int commands) {
        state = new State(state.badRanges, state.busy, commands, state.delayed, state.delay);
    }

    /** Lets the next commands begin late. */
    public synchronized void delay(int commands, Duration delay) {
        state = new State(state.badRanges, state.busy, state.lost, commands, delay);
    }

    /** Nothing goes wrong any more. Commands whose response was lost go on, unless they were aborted. */
    public void clear() {
        List<Runnable> waiting;
        synchronized (this) {
            state = State.NONE;
            waiting = lost;
            lost = List.of();
        }
        waiting.forEach(Runnable::run);
    }

    /** What is still to go wrong at this moment. */
    public State state() {
        return state;
    }

    /** True if a command may run; otherwise it has ended, runs later or is lost. */
    boolean admits(ItlNexus nexus, ScsiTask task) {
        Fate fate = takeFate();
        if (fate == null) {
            return true;
        }
        switch (fate) {
            case BUSY -> task.end(ScsiStatus.BUSY);
            case LOST -> lose(nexus, task);
            case DELAYED -> {
                Object ticket = new Object();
                task.park(ticket);
                nexus.initiator().loop().schedule(state.delay.toNanos(), () -> {
                    if (task.unpark(ticket)) {
                        nexus.execute(task);
                    }
                });
            }
        }
        return false;
    }

    private synchronized void lose(ItlNexus nexus, ScsiTask task) {
        Object ticket = new Object();
        task.park(ticket);
        Runnable goOn = () -> {
            if (task.unpark(ticket)) {
                nexus.execute(task);
            }
        };
        lost = Stream.concat(lost.stream(), Stream.of(() -> nexus.runOnLoop(goOn, () -> {})))
                .toList();
    }

    private @Nullable Fate takeFate() {
        State now = state;
        return now.busy == 0 && now.lost == 0 && now.delayed == 0 ? null : takeOne();
    }

    private synchronized @Nullable Fate takeOne() {
        State now = state;
        if (now.busy > 0) {
            busy(oneLess(now.busy));
            return Fate.BUSY;
        }
        if (now.lost > 0) {
            loseResponses(oneLess(now.lost));
            return Fate.LOST;
        }
        if (now.delayed > 0) {
            delay(oneLess(now.delayed), now.delay);
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
        List<BadRange> ranges = state.badRanges;
        if (ranges.isEmpty()) {
            return -1;
        }
        long first = -1;
        for (BadRange bad : ranges) {
            if (bad.offset < offset + length && offset < bad.offset + bad.length) {
                long begin = Math.max(bad.offset, offset);
                first = first < 0 ? begin : Math.min(first, begin);
            }
        }
        return first;
    }

    /** The error number of the range that has {@code offset}. */
    int errnoAt(long offset) {
        for (BadRange bad : state.badRanges) {
            if (bad.offset <= offset && offset < bad.offset + bad.length) {
                return bad.errno;
            }
        }
        return 0;
    }
}
