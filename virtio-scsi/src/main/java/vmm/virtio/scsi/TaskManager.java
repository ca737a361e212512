package vmm.virtio.scsi;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import vmm.scsi.ItNexus;
import vmm.scsi.LogicalUnit;
import vmm.scsi.UnitAttention;
import vmm.virtio.DescriptorChain;
import vmm.virtio.QueueServer;

/**
 * Performs task management functions (virtio 1.3 5.6.6.2, SAM-5). Owned by the loop's thread.
 *
 * <p>What a disk has begun can't be taken back. So a function that aborts commands decides their response, and ends
 * after the last of them.
 */
final class TaskManager {
    private static final int ABORT_TASK = 0;
    private static final int ABORT_TASK_SET = 1;
    private static final int CLEAR_ACA = 2;
    private static final int CLEAR_TASK_SET = 3;
    private static final int I_T_NEXUS_RESET = 4;
    private static final int LOGICAL_UNIT_RESET = 5;
    private static final int QUERY_TASK = 6;
    private static final int QUERY_TASK_SET = 7;

    private final RequestPath path;
    private final List<Function> waiting = new ArrayList<>();

    TaskManager(RequestPath path) {
        this.path = path;
    }

    /**
     * Performs a function, and answers {@code chain} when it has ended.
     *
     * @param address where it is about, in the form of {@link HbaAddress}
     * @param id the command that it is about, if it is about one
     */
    void manage(QueueServer server, DescriptorChain chain, int subtype, long address, long id) {
        int target = HbaAddress.target(address);
        int lun = HbaAddress.lun(address);
        ItNexus nexus = path.nexus(target);
        if (nexus == null) {
            answer(server, chain, Response.BAD_TARGET);
            return;
        }
        if (subtype == I_T_NEXUS_RESET) {
            nexus.raise(UnitAttention.NEXUS_LOSS);
            cancel(server, chain, inFlight(request -> request.target() == target), Response.RESET);
            return;
        }
        LogicalUnit unit = nexus.target().unit(lun);
        if (unit == null) {
            answer(server, chain, Response.INCORRECT_LUN);
            return;
        }
        List<HbaRequest> taskSet = inFlight(request -> request.target() == target && request.lun() == lun);
        List<HbaRequest> task =
                taskSet.stream().filter(request -> request.tag() == id).toList();
        switch (subtype) {
            case ABORT_TASK -> cancel(server, chain, task, Response.ABORTED);
            case ABORT_TASK_SET, CLEAR_TASK_SET -> cancel(server, chain, taskSet, Response.ABORTED);
            case LOGICAL_UNIT_RESET -> {
                unit.reset();
                cancel(server, chain, taskSet, Response.RESET);
            }
            case QUERY_TASK -> answer(server, chain, presence(task));
            case QUERY_TASK_SET -> answer(server, chain, presence(taskSet));
            // SAM-5, CLEAR ACA: where there is no ACA there is none to clear
            case CLEAR_ACA -> answer(server, chain, Response.FUNCTION_REJECTED);
            default -> answer(server, chain, Response.FUNCTION_REJECTED);
        }
    }

    private List<HbaRequest> inFlight(Predicate<HbaRequest> concerned) {
        return path.slots().stream()
                .filter(request -> request.inFlight() && concerned.test(request))
                .toList();
    }

    private static int presence(List<HbaRequest> requests) {
        return requests.isEmpty() ? Response.FUNCTION_COMPLETE : Response.FUNCTION_SUCCEEDED;
    }

    private static void answer(QueueServer server, DescriptorChain chain, int response) {
        chain.putByte(0, response);
        server.complete(chain.head(), 1);
    }

    private void cancel(QueueServer server, DescriptorChain chain, List<HbaRequest> requests, int verdict) {
        if (requests.isEmpty()) {
            answer(server, chain, Response.FUNCTION_COMPLETE);
            return;
        }
        chain.putByte(0, Response.FUNCTION_COMPLETE);
        requests.forEach(request -> request.cancel(verdict));
        waiting.add(new Function(server, chain.head(), new ArrayList<>(requests)));
    }

    /** A request has been answered: those that waited for it wait no longer. */
    void ended(HbaRequest request) {
        if (!waiting.isEmpty()) {
            waiting.removeIf(function -> function.isEndedBy(request));
        }
    }

    /** A function that ends after the requests that it aborts. Its response is in guest memory already. */
    private record Function(QueueServer server, int head, List<HbaRequest> requests) {
        boolean isEndedBy(HbaRequest request) {
            if (!requests.remove(request) || !requests.isEmpty()) {
                return false;
            }
            server.complete(head, 1);
            return true;
        }
    }
}
