package vmm.scsi;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The commands of one I_T nexus in one logical unit (a task set, SAM-5 8; each nexus has its own, TST 001b in the
 * control mode page). Decides when a command runs, and takes commands away again. Loop thread only; commands that need
 * not wait cost no allocation.
 */
final class TaskSet {
    /** Commands that are being aborted, and who wants to know when the last of them has ended. */
    private record Watch(List<ScsiTask> tasks, Runnable ended) {}

    private final List<Watch> watches = new ArrayList<>(0);

    // In the order in which they came, linked by their own fields.
    private @Nullable ScsiTask oldest;
    private @Nullable ScsiTask newest;
    private int count;

    /** Those that have not begun. */
    private int dormant;

    /** Those that others have to wait for, whatever these want: ORDERED and HEAD OF QUEUE ones. */
    private int barriers;

    private boolean autoContingentAllegiance;
    private boolean dispatching;

    /** Lets a command in, which came through {@code nexus}: it runs now or later, or ends. */
    void enter(ItlNexus nexus, ScsiTask task) {
        TaskAttribute attribute = task.attribute();
        if (count >= nexus.unit().taskSetLimit()) {
            task.end(ScsiStatus.TASK_SET_FULL);
        } else if (autoContingentAllegiance && (attribute != TaskAttribute.ACA || hasAcaTask())) {
            task.end(ScsiStatus.ACA_ACTIVE);
        } else if (!autoContingentAllegiance && attribute == TaskAttribute.ACA) {
            // SAM-5 8.6.6: there is no ACA condition that it could belong to
            task.fail(SenseCode.INVALID_MESSAGE_ERROR);
        } else {
            boolean ready = isReady(attribute, count > 0, barriers > 0);
            append(task);
            if (ready) {
                begin(nexus, task);
            } else {
                dormant++;
            }
        }
    }

    /** SAM-5 8.7: which older commands a command waits for. */
    private static boolean isReady(TaskAttribute attribute, boolean behindAny, boolean behindBarrier) {
        return switch (attribute) {
            case SIMPLE -> !behindBarrier;
            case ORDERED -> !behindAny;
            case HEAD_OF_QUEUE, ACA -> true;
        };
    }

    private void append(ScsiTask task) {
        ScsiTask last = newest;
        task.older = last;
        task.newer = null;
        task.begun = false;
        task.inSet = true;
        if (last == null) {
            oldest = task;
        } else {
            last.newer = task;
        }
        newest = task;
        count++;
        barriers += isBarrier(task) ? 1 : 0;
    }

    private static boolean isBarrier(ScsiTask task) {
        return task.attribute() == TaskAttribute.ORDERED || task.attribute() == TaskAttribute.HEAD_OF_QUEUE;
    }

    private static void begin(ItlNexus nexus, ScsiTask task) {
        task.begun = true;
        FaultInjection faults = nexus.unit().faults();
        if (faults == null || faults.admits(nexus, task)) {
            nexus.execute(task);
        }
    }

    /** True if a command works on a block from {@code start} up to {@code end}. */
    boolean hasTaskIn(long start, long end) {
        for (ScsiTask task = oldest; task != null; task = task.newer) {
            if (task.isIn(start, end)) {
                return true;
            }
        }
        return false;
    }

    /** Forgets a command that has ended; its transport does not know it yet. */
    void leave(ScsiTask task) {
        if (!task.inSet) {
            return;
        }
        task.inSet = false;
        ScsiTask older = task.older;
        ScsiTask newer = task.newer;
        if (older == null) {
            oldest = newer;
        } else {
            older.newer = newer;
        }
        if (newer == null) {
            newest = older;
        } else {
            newer.older = older;
        }
        task.older = null;
        task.newer = null;
        count--;
        barriers -= isBarrier(task) ? 1 : 0;
        dormant -= task.begun ? 0 : 1;
        if (task.ending() == TaskEnding.ANSWERED
                && task.status() == ScsiStatus.CHECK_CONDITION
                && task.cdb().normalAca()) {
            autoContingentAllegiance = true;
        }
        if (!watches.isEmpty()) {
            watches.forEach(watch -> watch.tasks.remove(task));
        }
    }

    /** A command has ended and its transport knows it: others may begin. */
    void left() {
        if (!watches.isEmpty()) {
            tellWatches();
        }
        if (dormant > 0) {
            dispatch();
        }
    }

    private void tellWatches() {
        List<Watch> over = new ArrayList<>();
        for (Watch watch : watches) {
            if (watch.tasks.isEmpty()) {
                over.add(watch);
            }
        }
        watches.removeAll(over);
        over.forEach(watch -> watch.ended.run());
    }

    private void dispatch() {
        if (dispatching) {
            // A command that begins and ends within the loop below is seen by its next turn.
            return;
        }
        dispatching = true;
        try {
            ScsiTask next = nextReady();
            while (next != null) {
                dormant--;
                begin(Objects.requireNonNull(next.nexus()), next);
                next = nextReady();
            }
        } finally {
            dispatching = false;
        }
    }

    private @Nullable ScsiTask nextReady() {
        if (autoContingentAllegiance) {
            // SAM-5 8.8: whatever has not begun is blocked
            return null;
        }
        boolean barrier = false;
        for (ScsiTask task = oldest; task != null; task = task.newer) {
            if (!task.begun && isReady(task.attribute(), task.older != null, barrier)) {
                return task;
            }
            barrier |= isBarrier(task);
        }
        return null;
    }

    private boolean hasAcaTask() {
        return present(task -> task.attribute() == TaskAttribute.ACA);
    }

    /** True if there is a command that {@code wanted} is true of. */
    boolean present(Predicate<ScsiTask> wanted) {
        for (ScsiTask task = oldest; task != null; task = task.newer) {
            if (wanted.test(task)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Aborts commands. Those that wait end now, those that the medium works for end when it has answered.
     *
     * @param wanted which
     * @param ending {@link TaskEnding#ANSWERED} to have them end with TASK ABORTED status
     * @param ended called when the last of them has ended, perhaps before this returns
     */
    void abort(Predicate<ScsiTask> wanted, TaskEnding ending, Runnable ended) {
        List<ScsiTask> victims = new ArrayList<>();
        for (ScsiTask task = oldest; task != null; task = task.newer) {
            if (wanted.test(task)) {
                victims.add(task);
            }
        }
        watches.add(new Watch(new ArrayList<>(victims), ended));
        boolean outer = dispatching;
        // None of them is to begin when one before it ends.
        dispatching = true;
        try {
            for (ScsiTask victim : victims) {
                victim.abort(ending);
            }
        } finally {
            dispatching = outer;
        }
        left();
    }

    /**
     * Ends the ACA condition (SAM-5 7.4).
     *
     * @return false if there is none
     */
    boolean clearAca(Runnable ended) {
        if (!autoContingentAllegiance) {
            return false;
        }
        autoContingentAllegiance = false;
        abort(task -> task.attribute() == TaskAttribute.ACA, TaskEnding.ABORTED, ended);
        return true;
    }

    /** Forgets the ACA condition, as a reset does. */
    void forgetAca() {
        autoContingentAllegiance = false;
    }
}
