package vmm.virtio.scsi;

import org.jspecify.annotations.Nullable;
import vmm.memory.GuestMemory;
import vmm.scsi.ItNexus;
import vmm.scsi.ServiceResponse;
import vmm.scsi.TaskFunction;
import vmm.virtio.DescriptorChain;
import vmm.virtio.QueueServer;

/**
 * Hands task management functions of the control queue to the target (virtio 1.3 5.6.6.2, SAM-5 7). A function is
 * answered when the target says so, which is after the last command that it aborted. Loop thread only.
 */
final class TaskManager {
    // virtio 1.3 5.6.6.2, VIRTIO_SCSI_T_TMF_*
    private static final int ABORT_TASK = 0;
    private static final int ABORT_TASK_SET = 1;
    private static final int CLEAR_ACA = 2;
    private static final int CLEAR_TASK_SET = 3;
    private static final int I_T_NEXUS_RESET = 4;
    private static final int LOGICAL_UNIT_RESET = 5;
    private static final int QUERY_TASK = 6;
    private static final int QUERY_TASK_SET = 7;

    private final RequestPath path;
    private boolean acting;

    TaskManager(RequestPath path) {
        this.path = path;
    }

    /**
     * Performs a function.
     *
     * @param chain has room for the response
     * @param address where it is about, in the form of {@link HbaAddress}
     * @param id the command that it is about, if it is about one
     */
    void manage(QueueServer server, GuestMemory memory, DescriptorChain chain, int subtype, long address, long id) {
        int head = chain.head();
        long room = chain.writableAddress(0);
        ItNexus nexus = path.nexus(HbaAddress.target(address));
        TaskFunction function = function(subtype);
        if (nexus == null || function == null) {
            answer(server, memory, head, room, nexus == null ? Response.BAD_TARGET : Response.FUNCTION_REJECTED);
            return;
        }
        acting = true;
        try {
            nexus.manage(
                    function,
                    HbaAddress.lun(address),
                    id,
                    response -> answer(server, memory, head, room, code(response)));
        } finally {
            acting = false;
        }
    }

    /** True while a function is handed to the target: what happens now is what the driver asked for. */
    boolean isActing() {
        return acting;
    }

    private static void answer(QueueServer server, GuestMemory memory, int head, long room, int response) {
        memory.putByte(room, response);
        server.complete(head, 1);
    }

    private static @Nullable TaskFunction function(int subtype) {
        return switch (subtype) {
            case ABORT_TASK -> TaskFunction.ABORT_TASK;
            case ABORT_TASK_SET -> TaskFunction.ABORT_TASK_SET;
            case CLEAR_ACA -> TaskFunction.CLEAR_ACA;
            case CLEAR_TASK_SET -> TaskFunction.CLEAR_TASK_SET;
            case I_T_NEXUS_RESET -> TaskFunction.I_T_NEXUS_RESET;
            case LOGICAL_UNIT_RESET -> TaskFunction.LOGICAL_UNIT_RESET;
            case QUERY_TASK -> TaskFunction.QUERY_TASK;
            case QUERY_TASK_SET -> TaskFunction.QUERY_TASK_SET;
            default -> null;
        };
    }

    private static int code(ServiceResponse response) {
        return switch (response) {
            case FUNCTION_COMPLETE -> Response.FUNCTION_COMPLETE;
            case FUNCTION_SUCCEEDED -> Response.FUNCTION_SUCCEEDED;
            case FUNCTION_REJECTED -> Response.FUNCTION_REJECTED;
            case INCORRECT_LOGICAL_UNIT_NUMBER -> Response.INCORRECT_LUN;
        };
    }
}
