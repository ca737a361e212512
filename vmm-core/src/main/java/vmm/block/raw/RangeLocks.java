package vmm.block.raw;

import org.jspecify.annotations.Nullable;

/**
 * Keeps changes of overlapping ranges apart, where one of them may be a read and a write of whole blocks around its own
 * range: what another one wrote there in between would be lost. Tasks of any loop; granted in the order of arrival as
 * far as ranges overlap.
 */
final class RangeLocks {
    private final long mask;

    /** Linked by {@link FileTask#nextLock}. */
    private @Nullable FileTask held;

    private @Nullable FileTask waiting;

    /**
     * No locks.
     *
     * @param block the unit of what is read and written, in bytes, a power of two
     */
    RangeLocks(int block) {
        mask = block - 1L;
    }

    /**
     * Locks all blocks of a range.
     *
     * @return true if the task has them; otherwise it is run by its loop as soon as it has
     */
    synchronized boolean acquire(FileTask task, long start, long end) {
        task.lockStart = start & ~mask;
        task.lockEnd = (end + mask) & ~mask;
        task.nextLock = null;
        if (overlaps(held, null, task) || overlaps(waiting, null, task)) {
            append(task);
            return false;
        }
        hold(task);
        return true;
    }

    /** Gives the blocks to those who have waited for them. */
    synchronized void release(FileTask task) {
        held = without(held, task);
        FileTask candidate = waiting;
        while (candidate != null) {
            FileTask after = candidate.nextLock;
            if (!overlaps(held, null, candidate) && !overlaps(waiting, candidate, candidate)) {
                waiting = without(waiting, candidate);
                hold(candidate);
                candidate.queue().loop().post(candidate);
            }
            candidate = after;
        }
    }

    /** True if one of {@code list}, up to {@code end} and without it, overlaps {@code task}. */
    private static boolean overlaps(@Nullable FileTask list, @Nullable FileTask end, FileTask task) {
        for (FileTask other = list; other != null && !other.equals(end); other = other.nextLock) {
            if (other.lockStart < task.lockEnd && task.lockStart < other.lockEnd) {
                return true;
            }
        }
        return false;
    }

    private void hold(FileTask task) {
        task.nextLock = held;
        held = task;
    }

    private void append(FileTask task) {
        FileTask last = waiting;
        if (last == null) {
            waiting = task;
            return;
        }
        while (last.nextLock != null) {
            last = last.nextLock;
        }
        last.nextLock = task;
    }

    private static @Nullable FileTask without(@Nullable FileTask list, FileTask task) {
        if (list == null) {
            throw new IllegalStateException("The task is not in this list.");
        }
        if (list.equals(task)) {
            return list.nextLock;
        }
        FileTask before = list;
        while (before.nextLock != null && !before.nextLock.equals(task)) {
            before = before.nextLock;
        }
        before.nextLock = task.nextLock;
        return list;
    }
}
