package vmm.virtio.scsi;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import vmm.event.EventLoop;
import vmm.memory.GuestFaultException;
import vmm.memory.GuestMemory;
import vmm.scsi.AttentionListener;
import vmm.scsi.ItNexus;
import vmm.scsi.LogicalUnit;
import vmm.scsi.ScsiBus;
import vmm.scsi.ScsiTarget;
import vmm.scsi.TaskEnding;
import vmm.scsi.TaskFunction;
import vmm.scsi.UnitAttention;
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
    private final Consumer<HbaEvent> events;

    private final @Nullable ItNexus[] nexuses = new @Nullable ItNexus[HbaAddress.CONTROLLER + 1];
    private final List<HbaRequest> slots = new ArrayList<>();
    private @Nullable HbaRequest firstFree;
    private final RequestHeader header = new RequestHeader();
    private final Interleaving interleaving = new Interleaving();

    /** While the device is active: where requests are. */
    private @Nullable GuestMemory memory;

    private long features;

    /** The device is about to be reset. */
    private boolean stopping;

    /** The fixed part of a response before it goes to the driver; all zeros in between. */
    private final byte[] response = new byte[RequestLayout.RESPONSE + HbaConfigSpace.LARGEST];

    /**
     * A path that carries nothing yet.
     *
     * @param events told what happens to logical units, on any thread
     */
    RequestPath(EventLoop loop, ScsiBus bus, HbaConfig config, HbaConfigSpace space, Consumer<HbaEvent> events) {
        this.events = events;
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

    /** Where requests are, while the device is active. */
    GuestMemory memory() {
        GuestMemory guest = memory;
        if (guest == null) {
            throw new IllegalStateException("The device was not activated.");
        }
        return guest;
    }

    /** By the thread that activates the device, before a queue is looked at. */
    void activate(GuestMemory guest, long negotiated) {
        memory = guest;
        features = negotiated;
        stopping = false;
    }

    @Override
    public void handle(QueueServer server, DescriptorChain chain) {
        GuestMemory guest = memory();
        int cdbSize = space.cdbSize();
        int senseSize = space.senseSize();
        if (chain.writableBytes() < RequestLayout.RESPONSE + senseSize) {
            throw new GuestFaultException("A SCSI request has room for " + chain.writableBytes()
                    + " bytes of response, but sense_size is " + senseSize + ".");
        }
        HbaRequest request = takeSlot();
        boolean protection = (features & HbaFeatures.T10_PI) != 0;
        if (!header.read(chain, cdbSize, protection)) {
            request.takeAnswer(server, guest, chain, senseSize);
            request.refuse(Response.FAILURE);
            return;
        }
        request.take(server, guest, chain, header, senseSize);
        ItNexus nexus = nexus(request.target());
        if (stopping) {
            // virtio 1.3 5.6.6.1.1: what is not aborted when the device is reset ends so
            request.refuse(Response.FAILURE);
        } else if (nexus == null) {
            request.refuse(Response.BAD_TARGET);
        } else if ((features & HbaFeatures.INOUT) == 0
                && request.dataOut().bytes() != 0
                && request.dataIn().bytes() != 0) {
            // virtio 1.3 5.6.6.1.1: who has not accepted INOUT has one buffer for data
            request.refuse(Response.FAILURE);
        } else if (protection && !protect(nexus, request)) {
            request.refuse(Response.FAILURE);
        } else {
            nexus.execute(request.lun(), request);
        }
    }

    /** Brings protection information to where the target has it; false if the request has it wrong. */
    private boolean protect(ItNexus nexus, HbaRequest request) {
        long out = header.protectionOut();
        long in = header.protectionIn();
        LogicalUnit unit = nexus.target().unit(request.lun());
        if (out != 0 || in != 0) {
            return ProtectField.isSet(request.cdb()) && request.mix(interleaving, out, in);
        }
        if (unit != null && unit.protectionType() != 0) {
            // The driver has none and wants none: the logical unit makes it and checks it.
            ProtectField.clear(request.cdb());
        }
        return true;
    }

    /**
     * Our way to a target, or null if there is no such target.
     *
     * @param target 0 to {@link ScsiBus#MAX_TARGET}, {@link HbaAddress#CONTROLLER} or {@link HbaAddress#NO_TARGET}
     */
    @Nullable
    @SuppressWarnings("ReferenceEquality") // A target is a thing, not a value.
    ItNexus nexus(int target) {
        if (target == HbaAddress.NO_TARGET) {
            return null;
        }
        ScsiTarget there = target == HbaAddress.CONTROLLER ? bus.itself() : bus.target(target);
        if (there == null) {
            return null;
        }
        ItNexus known = nexuses[target];
        // Another target may have come in the place of the one that was known.
        if (known == null || known.target() != there) {
            known = there.connect(loop, config.initiatorPort(), new Events(target));
            nexuses[target] = known;
        }
        return known;
    }

    /** What the logical units of a target have to tell becomes events. Any thread. */
    private final class Events implements AttentionListener {
        private final int target;

        Events(int target) {
            this.target = target;
        }

        @Override
        public void raised(int lun, UnitAttention attention) {
            // Who asks for a reset hears of its end, and needs no event.
            if (attention != UnitAttention.LOGICAL_UNIT_RESET || !loop.inLoop() || !manager.isActing()) {
                AttentionEvents.of(target, lun, attention).forEach(events);
            }
        }

        @Override
        public void askedForMedium(int lun) {
            // GET EVENT STATUS NOTIFICATION has the news in both classes.
            events.accept(new HbaEvent.AsyncNotification(
                    target, lun, Set.of(AsyncEvent.EXTERNAL_REQUEST, AsyncEvent.MEDIA_CHANGE)));
        }
    }

    /**
     * Ends all commands as soon as the media let go of them, and begins none: a reset waits for those in flight, and
     * some might never end by themselves. Loop thread.
     */
    void stop() {
        stopping = true;
        for (ItNexus nexus : nexuses) {
            if (nexus != null) {
                nexus.abortAll(TaskEnding.RESET, () -> {});
            }
        }
    }

    /** As {@link #stop}, for those commands that came by one queue; others go on. */
    void stop(int queue) {
        for (HbaRequest request : slots) {
            ItNexus nexus = request.inFlight(queue) ? nexus(request.target()) : null;
            if (nexus != null) {
                nexus.manage(TaskFunction.ABORT_TASK, request.lun(), request.tag(), response -> {});
            }
        }
    }

    /** Has all logical units forget this initiator, of which nothing is in flight. */
    void disconnect() {
        for (int target = 0; target < nexuses.length; target++) {
            ItNexus nexus = nexuses[target];
            if (nexus != null) {
                nexuses[target] = null;
                nexus.close(() -> {});
            }
        }
    }

    /** Forgets a target that has gone with its last logical unit. */
    void forgetIfGone(int target) {
        if (bus.target(target) == null) {
            nexuses[target] = null;
        }
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
    }

    /** A request will not be answered because of a defect. Its slot is given to no other one. */
    void abandoned(QueueServer server, Throwable defect) {
        server.abandon(defect);
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
