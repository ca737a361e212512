package vmm.virtio.scsi;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vmm.event.EventLoop;
import vmm.memory.GuestFaultException;
import vmm.memory.GuestMemory;
import vmm.scsi.ItNexus;
import vmm.scsi.ScsiBus;
import vmm.scsi.ScsiTarget;
import vmm.virtio.DescriptorChain;
import vmm.virtio.QueueHandler;
import vmm.virtio.QueueServer;

/**
 * The way from the request queues to the targets and back (virtio 1.3 5.6.6.1). Owned by the loop's thread; allocates
 * nothing but the first time that so many requests are in flight.
 */
final class RequestPath implements QueueHandler {
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN)
            .withInvokeExactBehavior();

    private final EventLoop loop;
    private final ScsiBus bus;
    private final HbaConfig config;
    private final HbaConfigSpace space;
    private final TaskManager manager;
    private final @Nullable ItNexus[] nexuses = new @Nullable ItNexus[ScsiBus.MAX_TARGET + 1];
    private final List<HbaRequest> slots = new ArrayList<>();
    private @Nullable HbaRequest firstFree;
    private final RequestHeader header = new RequestHeader();

    /** While the device is active: where requests are. */
    private @Nullable GuestMemory memory;

    private long features;

    /** The fixed part of a response before it goes to the driver; all zeros in between. */
    private final byte[] response = new byte[RequestLayout.RESPONSE + HbaConfigSpace.LARGEST];

    RequestPath(EventLoop loop, ScsiBus bus, HbaConfig config, HbaConfigSpace space) {
        this.loop = loop;
        this.bus = bus;
        this.config = config;
        this.space = space;
        this.manager = new TaskManager(this);
    }

    /** Who performs task management functions. */
    TaskManager manager() {
        return manager;
    }

    /** All slots there are, in flight or not. */
    List<HbaRequest> slots() {
        return slots;
    }

    /** By the thread that activates the device, before a queue is looked at. */
    void activate(GuestMemory guest, long negotiated) {
        memory = guest;
        features = negotiated;
    }

    @Override
    public void handle(QueueServer server, DescriptorChain chain) {
        GuestMemory guest = memory;
        if (guest == null) {
            throw new IllegalStateException("The device was not activated.");
        }
        int cdbSize = space.cdbSize();
        int senseSize = space.senseSize();
        if (chain.writableBytes() < RequestLayout.RESPONSE + senseSize) {
            throw new GuestFaultException("A SCSI request has room for " + chain.writableBytes()
                    + " bytes of response, but sense_size is " + senseSize + ".");
        }
        HbaRequest request = takeSlot();
        if (chain.readableBytes() < RequestLayout.CDB + (long) cdbSize) {
            request.takeAnswer(server, guest, chain, senseSize);
            request.refuse(Response.FAILURE);
            return;
        }
        header.read(chain, cdbSize);
        request.take(server, guest, chain, header, cdbSize, senseSize);
        ItNexus nexus = nexus(request.target());
        if (nexus == null) {
            request.refuse(Response.BAD_TARGET);
        } else if ((features & HbaFeatures.INOUT) == 0
                && request.dataOut().bytes() != 0
                && request.dataIn().bytes() != 0) {
            // virtio 1.3 5.6.6.1.1: who has not accepted INOUT has one buffer for data
            request.refuse(Response.FAILURE);
        } else {
            nexus.execute(request.lun(), request);
        }
    }

    /**
     * Our way to a target, or null if there is no such target.
     *
     * @param target 0 to {@link ScsiBus#MAX_TARGET}, or {@link HbaAddress#NO_TARGET}
     */
    @Nullable
    @SuppressWarnings("ReferenceEquality") // A target is a thing, not a value.
    ItNexus nexus(int target) {
        if (target == HbaAddress.NO_TARGET) {
            return null;
        }
        ScsiTarget there = bus.target(target);
        if (there == null) {
            return null;
        }
        ItNexus known = nexuses[target];
        // Another target may have come in the place of the one that was known.
        if (known == null || known.target() != there) {
            known = there.connect(loop);
            nexuses[target] = known;
        }
        return known;
    }

    /** Lets all logical units know that this initiator has been reset. Nothing is in flight. */
    void reset() {
        for (ItNexus nexus : nexuses) {
            if (nexus != null) {
                nexus.hardReset();
            }
        }
    }

    /** Writes the fixed part of a response. */
    void write(ResponseRoom room, long residual, int status, int code, byte[] sense, int senseLength) {
        INT.set(response, RequestLayout.SENSE_LEN, senseLength);
        INT.set(response, RequestLayout.RESIDUAL, (int) residual);
        response[RequestLayout.STATUS] = (byte) status;
        response[RequestLayout.RESPONSE_CODE] = (byte) code;
        System.arraycopy(sense, 0, response, RequestLayout.SENSE, senseLength);
        room.write(response);
        Arrays.fill(response, RequestLayout.SENSE, RequestLayout.SENSE + senseLength, (byte) 0);
    }

    /** Gives a request back to the driver, and its slot to the pool. */
    void ended(HbaRequest request, QueueServer server, int head, long written) {
        request.nextFree = firstFree;
        firstFree = request;
        server.complete(head, written);
        manager.ended(request);
    }

    /** A request will not be answered because of a defect. Its slot is given to no other one. */
    void abandoned(HbaRequest request, QueueServer server, Throwable defect) {
        server.abandon(defect);
        manager.ended(request);
    }

    private HbaRequest takeSlot() {
        HbaRequest slot = firstFree;
        if (slot == null) {
            slot = new HbaRequest(this, config.queueSize());
            slots.add(slot);
        } else {
            firstFree = slot.nextFree;
        }
        return slot;
    }
}
