package vmm.event;

import java.util.Arrays;

/** What is to run at some time: a heap, the earliest first, those of one moment in the order in which they came. */
final class Timers {
    /** No timer is that late. */
    static final long NEVER = Long.MAX_VALUE;

    private long[] times = new long[8];
    private long[] numbers = new long[8];
    private Runnable[] messages = new Runnable[8];
    private int size;
    private long added;

    Timers() {
        Arrays.fill(messages, (Runnable) Timers::nothing);
    }

    /** Adds a message for {@code time}, on any clock that does not run past {@link #NEVER}. */
    void add(long time, Runnable message) {
        if (size == times.length) {
            times = Arrays.copyOf(times, 2 * size);
            numbers = Arrays.copyOf(numbers, 2 * size);
            messages = Arrays.copyOf(messages, 2 * size);
        }
        long number = added++;
        int at = size++;
        while (at > 0) {
            int parent = (at - 1) / 2;
            if (times[parent] <= time) {
                break;
            }
            move(parent, at);
            at = parent;
        }
        put(at, time, number, message);
    }

    /** When it is {@code nanos} after {@code now}, or as late as can be. */
    static long time(long now, long nanos) {
        return nanos < NEVER - now ? now + nanos : NEVER - 1;
    }

    /** When the first of them is due, or {@link #NEVER}. */
    long next() {
        return size == 0 ? NEVER : times[0];
    }

    /**
     * Runs all that were due at {@code now} when this was called.
     *
     * @return true if there were any
     */
    boolean run(long now, Guard guard) {
        long end = added;
        boolean any = false;
        // One that a message adds, even for now, waits for the next round.
        while (size > 0 && times[0] <= now && numbers[0] < end) {
            any = true;
            guard.run(takeFirst());
        }
        return any;
    }

    void clear() {
        Arrays.fill(messages, 0, size, (Runnable) Timers::nothing);
        size = 0;
    }

    private static void nothing() {}

    private Runnable takeFirst() {
        Runnable first = messages[0];
        int last = --size;
        long time = times[last];
        long number = numbers[last];
        Runnable message = messages[last];
        int at = 0;
        for (int child = 1; child < last; child = 2 * at + 1) {
            if (child + 1 < last && before(child + 1, times[child], numbers[child])) {
                child++;
            }
            if (!before(child, time, number)) {
                break;
            }
            move(child, at);
            at = child;
        }
        put(at, time, number, message);
        messages[last] = Timers::nothing;
        return first;
    }

    private boolean before(int at, long time, long number) {
        return times[at] < time || (times[at] == time && numbers[at] < number);
    }

    private void move(int from, int to) {
        put(to, times[from], numbers[from], messages[from]);
    }

    private void put(int at, long time, long number, Runnable message) {
        times[at] = time;
        numbers[at] = number;
        messages[at] = message;
    }
}
