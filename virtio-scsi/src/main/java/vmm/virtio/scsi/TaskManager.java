package vmm.virtio.scsi;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import vmm.memory.GuestFaultException;
import vmm.scsi.ItNexus;
import vmm.scsi.LogicalUnit;
import vmm.scsi.UnitAttention;
import vmm.virtio.DescriptorChain;
import vmm.virtio.QueueHandler;
import vmm.virtio.QueueServer;

/**
 * Answers the control queue (virtio 1.3 5.6.6.2): task management functions (SAM-5), and asynchronous notifications, of
 * which there are none. Owned by the loop's thread.
 *
 * <p>What a disk has begun can't be taken back. So a function that aborts commands decides their response, and ends
 * after the last of them.
 */
final class TaskManager implements QueueHandler {
    private static final int T_TMF = 0;
    private static final int T_AN_QUERY = 1;
    private static final int T_AN_SUBSCRIBE = 2;

    // struct virtio_scsi_ctrl_tmf: le32 type, le32 subtype, u8 lun[8], le64 id; u8 response
    private static final int TMF_SUBTYPE = 4;
    private static final int TMF_LUN = 8;
    private static final int TMF_ID = 16;
    private static final int TMF_SIZE = 24;

    // struct virtio_scsi_ctrl_an: le32 type, u8 lun[8], le32 event_requested; le32 event_actual, u8 response
    private static final int AN_LUN = 4;
    private static final int AN_SIZE = 16;
    private static final int AN_RESPONSE = 4;

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

    @Override
    public void handle(QueueServer server, DescriptorChain chain) {
        if (chain.readableBytes() < Integer.BYTES || chain.writableBytes() == 0) {
            throw new GuestFaultException("A request on the control queue has no type or no room for a response.");
        }
        int type = chain.getInt(0);
        if (type == T_TMF && chain.readableBytes() >= TMF_SIZE) {
            manage(server, chain);
        } else if ((type == T_AN_QUERY || type == T_AN_SUBSCRIBE)
                && chain.readableBytes() >= AN_SIZE
                && chain.writableBytes() > AN_RESPONSE) {
            notifyOfNothing(server, chain);
        } else {
            // In every request of this queue the response is the last byte. What comes before it we do not know.
            long last = chain.writableBytes() - 1;
            chain.putByte(last, Response.FAILURE);
            server.complete(chain.head(), last == 0 ? 1 : 0);
        }
    }

    private void notifyOfNothing(QueueServer server, DescriptorChain chain) {
        long address = HbaAddress.of(chain.getLong(AN_LUN));
        ItNexus nexus = path.nexus(HbaAddress.target(address));
        chain.putInt(0, 0);
        chain.putByte(AN_RESPONSE, wrongAddress(nexus, HbaAddress.lun(address), Response.OK));
        server.complete(chain.head(), AN_RESPONSE + 1);
    }

    private static int wrongAddress(@Nullable ItNexus nexus, int lun, int otherwise) {
        if (nexus == null) {
            return Response.BAD_TARGET;
        }
        return nexus.target().unit(lun) == null ? Response.INCORRECT_LUN : otherwise;
    }

    private void manage(QueueServer server, DescriptorChain chain) {
        int subtype = chain.getInt(TMF_SUBTYPE);
        long address = HbaAddress.of(chain.getLong(TMF_LUN));
        long id = chain.getLong(TMF_ID);
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
