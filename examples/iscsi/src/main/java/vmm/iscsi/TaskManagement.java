package vmm.iscsi;

import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import vmm.scsi.ItNexus;
import vmm.scsi.ServiceResponse;
import vmm.scsi.TaskFunction;

/** Task management functions of a session (RFC 7143 11.5 and 11.6, RFC 7144 4). Loop thread only. */
final class TaskManagement {
    private static final int FUNCTION = 0x7f;
    private static final int TASK_REASSIGN = 8;
    private static final int TARGET_COLD_RESET = 7;
    private static final int REFERENCED_TASK_TAG = 20;

    // Responses.
    private static final int COMPLETE = 0;
    private static final int TASK_DOES_NOT_EXIST = 1;
    private static final int LUN_DOES_NOT_EXIST = 2;
    private static final int REASSIGNMENT_NOT_SUPPORTED = 4;
    private static final int NOT_SUPPORTED = 5;
    private static final int SUCCEEDED = 7;
    private static final int REJECTED = 255;

    private final Session session;
    private int running;

    TaskManagement(Session session) {
        this.session = session;
    }

    /** How many functions have not been answered. */
    int running() {
        return running;
    }

    /** Carries a function out. */
    void handle(ItNexus nexus, Pdu request) {
        int code = request.get8(1) & FUNCTION;
        TaskFunction function = function(code);
        if (function == null) {
            answer(request, code == TASK_REASSIGN ? REASSIGNMENT_NOT_SUPPORTED : NOT_SUPPORTED);
            return;
        }
        int lun = Session.lun(request);
        int tag = request.get32(REFERENCED_TASK_TAG);
        if (nexus.target().unit(lun) != null && answerOfTask(function, lun, tag, request)) {
            return;
        }
        // What waits for its data is not known to the logical unit.
        session.withdraw(concerned(function, lun, tag));
        running++;
        nexus.manage(function, lun, tag & 0xffff_ffffL, response -> {
            running--;
            answer(request, code(response));
            if (code == TARGET_COLD_RESET) {
                // RFC 7143 11.5.1: as after power on, nobody has a session
                session.target().closeAll();
            }
        });
    }

    /** Answers functions about a task that is not there, or that is all they ask. */
    private boolean answerOfTask(TaskFunction function, int lun, int tag, Pdu request) {
        IscsiCommand command = session.command(tag);
        boolean exists = command != null && command.lun() == lun;
        if (function == TaskFunction.ABORT_TASK && !exists) {
            answer(request, TASK_DOES_NOT_EXIST);
            return true;
        } else if (function == TaskFunction.QUERY_TASK) {
            answer(request, exists ? SUCCEEDED : COMPLETE);
            return true;
        }
        return false;
    }

    private static Predicate<IscsiCommand> concerned(TaskFunction function, int lun, int tag) {
        return switch (function) {
            case ABORT_TASK -> command -> command.lun() == lun && command.initiatorTaskTag() == tag;
            case ABORT_TASK_SET, CLEAR_TASK_SET, LOGICAL_UNIT_RESET -> command -> command.lun() == lun;
            case I_T_NEXUS_RESET, TARGET_RESET -> command -> true;
            case CLEAR_ACA, QUERY_TASK, QUERY_TASK_SET, QUERY_ASYNCHRONOUS_EVENT -> command -> false;
        };
    }

    private static @Nullable TaskFunction function(int code) {
        return switch (code) {
            case 1 -> TaskFunction.ABORT_TASK;
            case 2 -> TaskFunction.ABORT_TASK_SET;
            case 3 -> TaskFunction.CLEAR_ACA;
            case 4 -> TaskFunction.CLEAR_TASK_SET;
            case 5 -> TaskFunction.LOGICAL_UNIT_RESET;
            case 6, TARGET_COLD_RESET -> TaskFunction.TARGET_RESET;
            case 9 -> TaskFunction.QUERY_TASK;
            case 10 -> TaskFunction.QUERY_TASK_SET;
            case 11 -> TaskFunction.I_T_NEXUS_RESET;
            case 12 -> TaskFunction.QUERY_ASYNCHRONOUS_EVENT;
            default -> null;
        };
    }

    private static int code(ServiceResponse response) {
        return switch (response) {
            case FUNCTION_COMPLETE -> COMPLETE;
            case FUNCTION_SUCCEEDED -> SUCCEEDED;
            case FUNCTION_REJECTED -> REJECTED;
            case INCORRECT_LOGICAL_UNIT_NUMBER -> LUN_DOES_NOT_EXIST;
        };
    }

    private void answer(Pdu request, int response) {
        session.sendStatus(Pdu.answer(Opcode.TASK_MANAGEMENT_RESPONSE, request)
                .set8(2, response)
                .targetTransferTag(0));
    }
}
