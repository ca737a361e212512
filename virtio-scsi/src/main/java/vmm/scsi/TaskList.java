package vmm.scsi;

import org.jspecify.annotations.Nullable;

/** Tasks that are under way, in no order; a task is in one list at most. Owned by one thread; makes no objects. */
public final class TaskList {
    private @Nullable ScsiTask first;

    /** An empty list. */
    public TaskList() {}

    /** Adds a task that is in no list. */
    public void add(ScsiTask task) {
        ScsiTask head = first;
        task.list = this;
        task.before = null;
        task.after = head;
        if (head != null) {
            head.before = task;
        }
        first = task;
    }

    /**
     * Takes a task out.
     *
     * @return false if it was not in this list
     */
    @SuppressWarnings("ReferenceEquality") // A list is a thing, not a value.
    public boolean remove(ScsiTask task) {
        if (task.list != this) {
            return false;
        }
        ScsiTask before = task.before;
        ScsiTask after = task.after;
        if (before == null) {
            first = after;
        } else {
            before.after = after;
        }
        if (after != null) {
            after.before = before;
        }
        task.list = null;
        task.before = null;
        task.after = null;
        return true;
    }

    /** True if a task is about a block from {@code start} up to {@code end}. */
    public boolean touches(long start, long end) {
        for (ScsiTask task = first; task != null; task = task.after) {
            if (task.lba() < end && start < task.lba() + task.blocks()) {
                return true;
            }
        }
        return false;
    }
}
