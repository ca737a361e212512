package vmm.scsi;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Performs task management functions for one I_T nexus (SAM-5 7). Loop thread only. */
final class TaskManager {
    private final ItNexus nexus;

    TaskManager(ItNexus nexus) {
        this.nexus = nexus;
    }

    void manage(TaskFunction function, int lun, long tag, Consumer<ServiceResponse> answer) {
        Runnable complete = () -> answer.accept(ServiceResponse.FUNCTION_COMPLETE);
        switch (function) {
            case I_T_NEXUS_RESET -> {
                nexus.lose();
                nexus.abortAll(TaskEnding.RESET, complete);
            }
            case TARGET_RESET -> resetTarget(complete);
            default -> {
                LogicalUnit unit = nexus.target().unit(lun);
                if (unit == null) {
                    answer.accept(ServiceResponse.INCORRECT_LOGICAL_UNIT_NUMBER);
                } else {
                    manage(function, unit, nexus.known(lun, unit), tag, answer, complete);
                }
            }
        }
    }

    private void manage(
            TaskFunction function,
            LogicalUnit unit,
            @Nullable ItlNexus through,
            long tag,
            Consumer<ServiceResponse> answer,
            Runnable complete) {
        if (function == TaskFunction.LOGICAL_UNIT_RESET) {
            reset(unit, UnitAttention.LOGICAL_UNIT_RESET, complete);
            return;
        }
        if (through == null) {
            // This initiator has never sent it a command.
            answer.accept(
                    function == TaskFunction.CLEAR_ACA
                            ? ServiceResponse.FUNCTION_REJECTED
                            : ServiceResponse.FUNCTION_COMPLETE);
            return;
        }
        TaskSet tasks = through.tasks();
        switch (function) {
            case ABORT_TASK -> tasks.abort(task -> task.tag() == tag, TaskEnding.ABORTED, complete);
            // SAM-5 7.5: where each nexus has a task set of its own, the two are the same
            case ABORT_TASK_SET, CLEAR_TASK_SET -> through.abortAll(TaskEnding.ABORTED, complete);
            case CLEAR_ACA -> {
                if (!tasks.clearAca(complete)) {
                    answer.accept(ServiceResponse.FUNCTION_REJECTED);
                }
            }
            case QUERY_TASK -> answer.accept(presence(tasks.present(task -> task.tag() == tag)));
            case QUERY_TASK_SET -> answer.accept(presence(tasks.present(task -> true)));
            case QUERY_ASYNCHRONOUS_EVENT -> answer.accept(presence(through.hasAttention()));
            case I_T_NEXUS_RESET, LOGICAL_UNIT_RESET, TARGET_RESET -> throw new AssertionError(function);
        }
    }

    private static ServiceResponse presence(boolean present) {
        return present ? ServiceResponse.FUNCTION_SUCCEEDED : ServiceResponse.FUNCTION_COMPLETE;
    }

    private void resetTarget(Runnable complete) {
        Countdown countdown = new Countdown(nexus, complete);
        for (int lun : nexus.target().luns()) {
            LogicalUnit unit = nexus.target().made(lun);
            if (unit != null && unit.isKnown()) {
                countdown.expect();
                reset(unit, UnitAttention.BUS_RESET, countdown);
            }
        }
        countdown.run();
    }

    /** SAM-5 6.3.3: aborts the commands of all nexuses, and lets everybody know. */
    private void reset(LogicalUnit unit, UnitAttention attention, Runnable complete) {
        Countdown countdown = new Countdown(nexus, complete);
        // SAM-5 5.8: TAS is about what others did, so our own commands get no status
        TaskEnding others = unit.taskAbortedStatus() ? TaskEnding.ANSWERED : TaskEnding.RESET;
        unit.restore();
        unit.raise(attention);
        unit.forEachNexus(other -> {
            TaskEnding ending = isOurs(other) ? TaskEnding.RESET : others;
            countdown.expect();
            other.runOnLoop(
                    () -> {
                        other.tasks().forgetAca();
                        other.abortAll(ending, countdown);
                    },
                    countdown);
        });
        countdown.run();
    }

    @SuppressWarnings("ReferenceEquality") // A nexus is a thing, not a value.
    private boolean isOurs(ItlNexus other) {
        return other.initiator() == nexus;
    }

    /** Runs something on a nexus's loop when it has been run itself as often as expected, by whatever threads. */
    private static final class Countdown implements Runnable {
        private final AtomicInteger expected = new AtomicInteger(1);
        private final ItNexus nexus;
        private final Runnable over;

        Countdown(ItNexus nexus, Runnable over) {
            this.nexus = nexus;
            this.over = over;
        }

        void expect() {
            expected.incrementAndGet();
        }

        @Override
        public void run() {
            if (expected.decrementAndGet() == 0) {
                nexus.runOnLoop(over, () -> {});
            }
        }
    }
}
