package vmm.virtio.scsi;

import org.jspecify.annotations.Nullable;
import vmm.linux.IoVector;
import vmm.memory.GuestMemory;
import vmm.scsi.ScsiTask;
import vmm.scsi.TaskAttribute;
import vmm.virtio.DescriptorChain;
import vmm.virtio.QueueServer;

/** One request of a request queue between its arrival and its response: a slot of {@link RequestPath}'s pool. */
final class HbaRequest extends ScsiTask {
    private final RequestPath path;
    private final ResponseRoom response;
    private @Nullable QueueServer server;
    private int head;
    private int target;
    private int lun;
    private int senseSize;

    /** How long the blocks are that are mixed with their protection information; 0 if there is none. */
    private long protectedBlock;

    @Nullable
    HbaRequest nextFree;

    /**
     * A free slot.
     *
     * @param longestChain the most buffers that a request is spread over
     */
    HbaRequest(RequestPath path, int longestChain) {
        super(longestChain);
        this.path = path;
        this.response = new ResponseRoom(longestChain);
    }

    /**
     * Takes a request over from {@code chain}, which has room for the fixed parts of request and response.
     *
     * @param header the fixed part of the request
     * @param newSenseSize how long the {@code sense} field is
     */
    void take(QueueServer from, GuestMemory memory, DescriptorChain chain, RequestHeader header, int newSenseSize) {
        target = HbaAddress.target(header.address());
        lun = HbaAddress.lun(header.address());
        identify(header.id(), attribute(header.taskAttribute()));
        header.copyCdb(cdb());

        long dataOut = header.length();
        dataOut().clear();
        chain.addReadable(dataOut(), dataOut, chain.readableBytes() - dataOut);
        takeAnswer(from, memory, chain, newSenseSize);
    }

    /** As {@link #take}, for a request that is too short to be read: only what is needed for an answer. */
    void takeAnswer(QueueServer from, GuestMemory memory, DescriptorChain chain, int newSenseSize) {
        server = from;
        head = chain.head();
        senseSize = newSenseSize;
        protectedBlock = 0;
        int fixed = RequestLayout.RESPONSE + newSenseSize;
        response.set(memory, chain, fixed);
        dataIn().clear();
        chain.addWritable(dataIn(), fixed, chain.writableBytes() - fixed);
    }

    /**
     * Mixes data with the protection information that came with it or is to come (virtio 1.3 5.6.6.1).
     *
     * @return false if they do not fit together
     */
    boolean mix(Interleaving interleaving, long protectionOut, long protectionIn) {
        return mix(interleaving, dataOut(), protectionOut) && mix(interleaving, dataIn(), protectionIn);
    }

    private boolean mix(Interleaving interleaving, IoVector buffers, long protection) {
        if (protection == 0) {
            return true;
        }
        if (!Interleaving.fits(protection, buffers.bytes() - protection)) {
            return false;
        }
        protectedBlock = interleaving.mix(buffers, protection);
        return true;
    }

    private static TaskAttribute attribute(int value) {
        return switch (value) {
            case 1 -> TaskAttribute.ORDERED;
            case 2 -> TaskAttribute.HEAD_OF_QUEUE;
            case 3 -> TaskAttribute.ACA;
            default -> TaskAttribute.SIMPLE;
        };
    }

    /** The target, or {@link HbaAddress#NO_TARGET}. */
    int target() {
        return target;
    }

    /** The logical unit, or {@link vmm.scsi.LunAddress#INVALID}. */
    int lun() {
        return lun;
    }

    /** True while the driver of that queue waits for the response. */
    boolean inFlight(int queue) {
        QueueServer waiting = server;
        return waiting != null && waiting.index() == queue;
    }

    @Override
    protected void completed() {
        try {
            finish();
        } catch (RuntimeException | Error defect) {
            QueueServer from = server;
            if (from == null) {
                throw defect;
            }
            // Whoever failed may go on using this slot, so it is given to no other request.
            server = null;
            path.abandoned(from, defect);
        }
    }

    private void finish() {
        switch (ending()) {
            case ANSWERED -> answer(overrun() ? Response.OVERRUN : Response.OK, residual());
            case ABORTED -> answer(Response.ABORTED, offered());
            case RESET -> answer(Response.RESET, offered());
        }
    }

    /** All that there was to move: whatever moved before the command was stopped, none of it counts. */
    private long offered() {
        return residual() + transferredOut() + transferredIn();
    }

    /** Answers a request that has not become a command. */
    void refuse(int answer) {
        sense().clear();
        answer(answer, dataOut().bytes() + dataIn().bytes());
    }

    private void answer(int answer, long residual) {
        QueueServer to = server;
        if (to == null) {
            throw new IllegalStateException("The request has been answered.");
        }
        boolean ended = answer == Response.OK;
        int senseLength = ended ? Math.min(sense().length(), senseSize) : 0;
        // virtio 1.3 5.6.6.1: the residual is about data alone
        long left = protectedBlock == 0 ? residual : Interleaving.dataOf(residual, protectedBlock);
        path.write(response, left, ended ? status().code() : 0, answer, sense().bytes(), senseLength);
        server = null;
        // virtio 1.3 2.7.8.2: the fixed part has been written whole, so data right behind it count too
        boolean contiguous = ended && (protectedBlock == 0 || residual == 0);
        long data = contiguous ? transferredIn() : 0;
        path.ended(this, to, head, RequestLayout.RESPONSE + senseSize + data);
    }
}
