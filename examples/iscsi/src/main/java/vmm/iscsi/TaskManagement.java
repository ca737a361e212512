package vmm.iscsi;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import vmm.scsi.ItNexus;
import vmm.scsi.LogicalUnit;

/**
 * Task management functions of a session (RFC 7143 11.5 and 11.6, RFC 7144 4). Loop thread only.
 *
 * <p>What a disk has begun can't be taken back. So a function that aborts commands ends after the last of them.
 */
final class TaskManagement {
    private static final int REFERENCED_TASK_TAG = 20;

    // Functions.
    private static final int ABORT_TASK = 1;
    private static final int ABORT_TASK_SET = 2;
    private static final int CLEAR_ACA = 3;
    private static final int CLEAR_TASK_SET = 4;
    private static final int LOGICAL_UNIT_RESET = 5;
    private static final int TARGET_WARM_RESET = 6;
    private static final int TARGET_COLD_RESET = 7;
    private static final int TASK_REASSIGN = 8;
    private static final int QUERY_TASK = 9;
    private static final int QUERY_TASK_SET = 10;
    private static final int I_T_NEXUS_RESET = 11;

    // Responses.
    private static final int COMPLETE = 0;
    private static final int TASK_DOES_NOT_EXIST = 1;
    private static final int LUN_DOES_NOT_EXIST = 2;
    private static final int REASSIGNMENT_NOT_SUPPORTED = 4;
    private static final int NOT_SUPPORTED = 5;
    private static final int SUCCEEDED = 7;

    private final Session session;
    private final List<Function> waiting = new ArrayList<>();

    TaskManagement(Session session) {
        this.session = session;
    }

    /** How many functions wait for commands to end. */
    int count() {
        return waiting.size();
    }

    /** The session has ended: nobody waits for an answer. */
    void forget() {
        waiting.clear();
    }

    /** Carries a function out. */
    void handle(ItNexus nexus, Pdu request) {
        int lun = Session.lun(request);
        switch (request.get8(1) & 0x7f) {
            case TARGET_WARM_RESET -> {
                resetTarget(nexus);
                cancel(request, command -> true);
            }
            case TARGET_COLD_RESET -> {
                resetTarget(nexus);
                answer(request, COMPLETE);
                // RFC 7143 11.5.1: as after power on, nobody has a session
                session.target().closeAll();
            }
            case I_T_NEXUS_RESET -> {
                session.target().nexusLost(nexus);
                cancel(request, command -> true);
            }
            case TASK_REASSIGN -> answer(request, REASSIGNMENT_NOT_SUPPORTED);
            default -> {
                LogicalUnit unit = nexus.target().unit(lun);
                if (unit == null) {
                    answer(request, LUN_DOES_NOT_EXIST);
                } else {
                    handle(unit, lun, request);
                }
            }
        }
    }

    private void handle(LogicalUnit unit, int lun, Pdu request) {
        int tag = request.get32(REFERENCED_TASK_TAG);
        IscsiCommand named = session.command(tag);
        IscsiCommand task = named != null && named.lun() == lun ? named : null;
        switch (request.get8(1) & 0x7f) {
            case ABORT_TASK -> {
                if (task == null) {
                    answer(request, TASK_DOES_NOT_EXIST);
                } else {
                    cancel(request, command -> command.initiatorTaskTag() == tag);
                }
            }
            case ABORT_TASK_SET, CLEAR_TASK_SET -> cancel(request, command -> command.lun() == lun);
            case LOGICAL_UNIT_RESET -> {
                unit.reset();
                cancel(request, command -> command.lun() == lun);
            }
            case QUERY_TASK -> answer(request, task == null ? COMPLETE : SUCCEEDED);
            case QUERY_TASK_SET -> {
                boolean any = session.commands().stream().anyMatch(command -> command.lun() == lun);
                answer(request, any ? SUCCEEDED : COMPLETE);
            }
            // SAM-5, CLEAR ACA: where there is no ACA there is none to clear
            case CLEAR_ACA -> answer(request, NOT_SUPPORTED);
            default -> answer(request, NOT_SUPPORTED);
        }
    }

    private static void resetTarget(ItNexus nexus) {
        for (int lun : nexus.target().luns()) {
            LogicalUnit unit = nexus.target().unit(lun);
            if (unit != null) {
                unit.reset();
            }
        }
    }

    private void cancel(Pdu request, Predicate<IscsiCommand> which) {
        Function function = new Function(request, new ArrayList<>());
        for (IscsiCommand command : session.commands()) {
            if (which.test(command)) {
                function.commands.add(command);
            }
        }
        waiting.add(function);
        List.copyOf(function.commands).forEach(IscsiCommand::cancel);
        session.executeArrived();
        answerEnded();
    }

    /** A command has ended. */
    void ended(IscsiCommand command) {
        waiting.forEach(function -> function.commands.remove(command));
        answerEnded();
    }

    private void answerEnded() {
        waiting.removeIf(function -> {
            if (!function.commands.isEmpty()) {
                return false;
            }
            answer(function.request, COMPLETE);
            return true;
        });
    }

    private void answer(Pdu request, int response) {
        session.sendStatus(Pdu.answer(Opcode.TASK_MANAGEMENT_RESPONSE, request)
                .set8(2, response)
                .targetTransferTag(0));
    }

    /** A function that ends after the commands that it aborts. */
    private record Function(Pdu request, List<IscsiCommand> commands) {}
}
