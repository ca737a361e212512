package vmm.scsi.block;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vmm.scsi.ScsiTask;

/**
 * Keeps what must not be seen half done (COMPARE AND WRITE and its like) apart from everything else that happens to the
 * same blocks, whichever way it came.
 *
 * <p>As long as nobody is exclusive, a command only looks at {@link #isIdle} and marks itself among the tasks of its
 * own nexus: no lock, nothing shared is written. A command that wants to be exclusive first lets everybody see that,
 * and then asks each nexus, on that nexus's loop, to tell when none of the commands is left that began before. What
 * comes meanwhile sees it and queues up behind it.
 */
final class RangeGuard {
    /** A command that is exclusive, or came while another one was. */
    static final class Entry implements Runnable {
        private final DiskNexus nexus;
        private final ScsiTask task;
        private final RangeCommand command;
        private final boolean exclusive;
        final long start;
        final long end;

        /** For how many others it waits: entries before it, and nexuses. Guarded by the guard. */
        private int waitsFor;

        private Entry(DiskNexus nexus, ScsiTask task, RangeCommand command, boolean exclusive) {
            this.nexus = nexus;
            this.task = task;
            this.command = command;
            this.exclusive = exclusive;
            this.start = task.lba();
            this.end = task.lba() + task.blocks();
        }

        private boolean excludes(Entry other) {
            return (exclusive || other.exclusive) && start < other.end && other.start < end;
        }

        /** Begins, on the loop of its nexus. */
        @Override
        public void run() {
            nexus.admitted(task, command);
        }
    }

    /** In the order in which they came. */
    private final List<Entry> entries = new ArrayList<>();

    private final boolean alwaysExclusive;
    private volatile boolean idle;

    /**
     * A guard of nothing.
     *
     * @param alwaysExclusive true if no two commands may be in one range, whatever they are
     */
    RangeGuard(boolean alwaysExclusive) {
        this.alwaysExclusive = alwaysExclusive;
        this.idle = !alwaysExclusive;
    }

    /** True if nobody is exclusive. Any thread; what began in this state is found among the tasks of its nexus. */
    boolean isIdle() {
        return idle;
    }

    /**
     * Lets a command in: now, or when those are gone that it must not meet. Loop of {@code nexus}.
     *
     * @param exclusive true if it must not meet anybody, false if only those who are
     */
    void enter(DiskNexus nexus, ScsiTask task, RangeCommand command, boolean exclusive) {
        Entry entry = new Entry(nexus, task, command, exclusive || alwaysExclusive);
        synchronized (this) {
            for (Entry other : entries) {
                entry.waitsFor += other.excludes(entry) ? 1 : 0;
            }
            entries.add(entry);
            entry.waitsFor++;
            idle = false;
        }
        if (exclusive && !alwaysExclusive) {
            // Only now: a nexus that is new by then has seen that it is not alone.
            nexus.unit().forEachDiskNexus(other -> ask(other, entry));
        }
        if (isLast(entry)) {
            entry.run();
        }
    }

    private void ask(DiskNexus other, Entry entry) {
        synchronized (this) {
            entry.waitsFor++;
        }
        other.tellWhenClear(entry);
    }

    /** One of those that {@code entry} waited for is gone. Any thread. */
    void settle(Entry entry) {
        if (isLast(entry)) {
            // Not at once: those that wait for each other would pile up on the stack.
            try {
                entry.nexus.later(entry);
            } catch (IllegalStateException closed) {
                leave(entry.task); // On a loop that has ended nothing begins any more.
            }
        }
    }

    private synchronized boolean isLast(Entry entry) {
        return --entry.waitsFor == 0;
    }

    /** A task has ended; if it is one of ours, those behind it come closer. */
    void leave(ScsiTask task) {
        List<Entry> freed = new ArrayList<>();
        synchronized (this) {
            Entry left = find(task);
            if (left == null) {
                return;
            }
            int place = entries.indexOf(left);
            entries.remove(place);
            for (Entry behind : entries.subList(place, entries.size())) {
                if (left.excludes(behind)) {
                    freed.add(behind);
                }
            }
            idle = entries.isEmpty() && !alwaysExclusive;
        }
        freed.forEach(this::settle);
    }

    @SuppressWarnings("ReferenceEquality") // A task is a slot, not a value.
    private @Nullable Entry find(ScsiTask task) {
        for (Entry entry : entries) {
            if (entry.task == task) {
                return entry;
            }
        }
        return null;
    }
}
