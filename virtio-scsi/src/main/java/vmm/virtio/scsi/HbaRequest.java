package vmm.virtio.scsi;

import static vmm.virtio.scsi.RequestLayout.CDB;
import static vmm.virtio.scsi.RequestLayout.ID;
import static vmm.virtio.scsi.RequestLayout.LUN;
import static vmm.virtio.scsi.RequestLayout.TASK_ATTR;

import org.jspecify.annotations.Nullable;
import vmm.linux.IoVector;
import vmm.scsi.Cdb;
import vmm.scsi.ScsiTask;
import vmm.scsi.TaskAttribute;
import vmm.virtio.DescriptorChain;
import vmm.virtio.QueueServer;

/** One request of a request queue between its arrival and its response: a slot of {@link RequestPath}'s pool. */
final class HbaRequest extends ScsiTask {
    /** As many buffers as the fixed part of a response is spread over by any driver that is not malicious. */
    private static final int USUAL_RESPONSE_BUFFERS = 4;

    private final RequestPath path;
    private final int longestChain;
    private IoVector response = new IoVector(USUAL_RESPONSE_BUFFERS);
    private @Nullable QueueServer server;
    private int head;
    private int target;
    private int lun;
    private int senseSize;
    private int verdict;

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
        this.longestChain = longestChain;
    }

    /**
     * Takes a request over from {@code chain}, which has room for the fixed parts of request and response.
     *
     * @param cdbSize how long the {@code cdb} field is
     * @param newSenseSize how long the {@code sense} field is
     */
    void take(QueueServer from, DescriptorChain chain, int cdbSize, int newSenseSize) {
        server = from;
        head = chain.head();
        long address = HbaAddress.of(chain.getLong(LUN));
        target = HbaAddress.target(address);
        lun = HbaAddress.lun(address);
        senseSize = newSenseSize;
        verdict = Response.OK;
        identify(chain.getLong(ID), attribute(chain.getByte(TASK_ATTR)));
        int cdbLength = Math.min(cdbSize, Cdb.MAX_LENGTH);
        chain.read(CDB, cdb().bytes(), 0, cdbLength);
        cdb().setLength(cdbLength);

        long dataOut = CDB + (long) cdbSize;
        dataOut().clear();
        chain.addReadable(dataOut(), dataOut, chain.readableBytes() - dataOut);
        takeAnswer(from, chain, newSenseSize);
    }

    /** As {@link #take}, for a request that is too short to be read: only what is needed for an answer. */
    void takeAnswer(QueueServer from, DescriptorChain chain, int newSenseSize) {
        server = from;
        head = chain.head();
        senseSize = newSenseSize;
        int fixed = RequestLayout.RESPONSE + newSenseSize;
        if (chain.writableCount() > USUAL_RESPONSE_BUFFERS && chain.length(chain.readableCount()) < fixed) {
            response = new IoVector(longestChain);
        }
        response.clear();
        chain.addWritable(response, 0, fixed);
        dataIn().clear();
        chain.addWritable(dataIn(), fixed, chain.writableBytes() - fixed);
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

    /** True while the driver waits for the response. */
    boolean inFlight() {
        return server != null;
    }

    /** Decides the response for when the command has ended, whatever its status: ABORTED or RESET. */
    void cancel(int newVerdict) {
        verdict = newVerdict;
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
            path.abandoned(this, from, defect);
        }
    }

    private void finish() {
        if (verdict != Response.OK) {
            // Whatever it moved before it could be stopped, the driver is told that none of it counts.
            answer(verdict, residual() + transferredOut() + transferredIn());
        } else {
            answer(overrun() ? Response.OVERRUN : Response.OK, residual());
        }
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
        path.write(response, residual, ended ? status().code() : 0, answer, sense().bytes(), senseLength);
        server = null;
        // virtio 1.3 2.7.8.2: the fixed part has been written whole, so data right behind it count too
        long data = ended ? transferredIn() : 0;
        path.ended(this, to, head, RequestLayout.RESPONSE + senseSize + data);
    }
}
