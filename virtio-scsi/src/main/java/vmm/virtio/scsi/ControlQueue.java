package vmm.virtio.scsi;

import org.jspecify.annotations.Nullable;
import vmm.memory.GuestFaultException;
import vmm.scsi.ItNexus;
import vmm.scsi.LogicalUnit;
import vmm.virtio.DescriptorChain;
import vmm.virtio.QueueHandler;
import vmm.virtio.QueueServer;

/**
 * Answers the control queue (virtio 1.3 5.6.6.2): hands task management functions to the {@link TaskManager}, and
 * answers queries and subscriptions of asynchronous notifications itself. Loop thread only.
 */
final class ControlQueue implements QueueHandler {
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
    private static final int AN_REQUESTED = 12;
    private static final int AN_SIZE = 16;
    private static final int AN_RESPONSE = 4;

    private final RequestPath path;
    private final EventReporter events;

    ControlQueue(RequestPath path, EventReporter events) {
        this.path = path;
        this.events = events;
    }

    @Override
    public void handle(QueueServer server, DescriptorChain chain) {
        if (chain.readableBytes() < Integer.BYTES || chain.writableBytes() == 0) {
            throw new GuestFaultException("A request on the control queue has no type or no room for a response.");
        }
        int type = chain.getInt(0);
        if (type == T_TMF && chain.readableBytes() >= TMF_SIZE) {
            path.manager()
                    .manage(
                            server,
                            path.memory(),
                            chain,
                            chain.getInt(TMF_SUBTYPE),
                            HbaAddress.of(chain.getLong(TMF_LUN)),
                            chain.getLong(TMF_ID));
        } else if ((type == T_AN_QUERY || type == T_AN_SUBSCRIBE)
                && chain.readableBytes() >= AN_SIZE
                && chain.writableBytes() > AN_RESPONSE) {
            answerNotificationRequest(server, chain, type == T_AN_SUBSCRIBE);
        } else {
            // In every request of this queue the response is the last byte. What comes before it we do not know.
            long last = chain.writableBytes() - 1;
            chain.putByte(last, Response.FAILURE);
            server.complete(chain.head(), last == 0 ? 1 : 0);
        }
    }

    private void answerNotificationRequest(QueueServer server, DescriptorChain chain, boolean subscribe) {
        long address = HbaAddress.of(chain.getLong(AN_LUN));
        int requested = chain.getInt(AN_REQUESTED);
        int target = HbaAddress.target(address);
        int lun = HbaAddress.lun(address);
        ItNexus nexus = path.nexus(target);
        @Nullable LogicalUnit unit = nexus == null ? null : nexus.target().unit(lun);
        int actual = 0;
        int response = Response.OK;
        if (nexus == null) {
            response = Response.BAD_TARGET;
        } else if (unit == null) {
            response = Response.INCORRECT_LUN;
        } else if (subscribe) {
            actual = events.subscribe(HbaAddress.encode(target, lun), unit, requested);
        } else {
            actual = requested & AsyncEvent.possible(unit);
        }
        chain.putInt(0, actual);
        chain.putByte(AN_RESPONSE, response);
        server.complete(chain.head(), AN_RESPONSE + 1);
    }
}
