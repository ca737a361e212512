package vmm.scsi;

import java.lang.foreign.MemorySegment;
import jdk.jfr.FlightRecorder;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockQueue;
import vmm.block.BlockRequest;
import vmm.linux.IoVector;

/**
 * A slot for one command (a task, in the words of SAM), made once and used again and again by the loop that owns it.
 *
 * <p>A transport extends it with what it must remember until the answer. For each command it fills {@link #cdb} and the
 * two buffers, calls {@link #identify} and {@link ItNexus#execute}, and gets {@link #completed} once; until then the
 * slot belongs to the target. Everything is on the loop's thread.
 */
public abstract class ScsiTask {
    private final Cdb cdb = new Cdb();
    private final SenseData sense = new SenseData();
    private final IoVector dataOut;
    private final IoVector dataIn;
    private final MediumRequest fromMedium;
    private final MediumRequest toMedium;

    /** Made when something records for the first time: loading the class of an event takes the JVM long. */
    private @Nullable ScsiCommandEvent event;

    private long tag;
    private TaskAttribute attribute = TaskAttribute.SIMPLE;

    private boolean running;
    private int lun;
    private @Nullable ItlNexus nexus;
    private @Nullable SupportedCommand<?> command;
    private long lba = -1;
    private long blocks;

    private @Nullable DiskNexus disk;
    private @Nullable MediumCommand continuation;
    private int phase;

    private ScsiStatus status = ScsiStatus.GOOD;
    private boolean overrun;
    private long size;
    private long transferredOut;
    private long transferredIn;

    /**
     * A free slot.
     *
     * @param maxBuffers the most buffers that data-out and data-in may be scattered over, each
     */
    protected ScsiTask(int maxBuffers) {
        dataOut = new IoVector(maxBuffers);
        dataIn = new IoVector(maxBuffers);
        toMedium = new MediumRequest(dataOut);
        fromMedium = new MediumRequest(dataIn);
    }

    /** The command descriptor block. */
    public final Cdb cdb() {
        return cdb;
    }

    /** What the initiator sends with the command, as addresses of this process. Consumed by the command. */
    public final IoVector dataOut() {
        return dataOut;
    }

    /** Room for what the command answers, as addresses of this process. Consumed by the command. */
    public final IoVector dataIn() {
        return dataIn;
    }

    /**
     * Names the next command.
     *
     * @param newTag the command identifier (SAM-5): of all commands of a nexus in flight, no other has it
     * @param newAttribute how it wants to be ordered
     */
    public final void identify(long newTag, TaskAttribute newAttribute) {
        tag = newTag;
        attribute = newAttribute;
    }

    /** The command identifier. */
    public final long tag() {
        return tag;
    }

    /** How the command wants to be ordered against others. Commands of virtual disks run as they come. */
    public final TaskAttribute attribute() {
        return attribute;
    }

    /** How the command ended. Says nothing if there was an {@link #overrun}. */
    public final ScsiStatus status() {
        return status;
    }

    /** What went wrong, if the status is CHECK CONDITION. */
    public final SenseData sense() {
        return sense;
    }

    /** True if the command would have moved more data than the buffers hold; then it has not moved any. */
    public final boolean overrun() {
        return overrun;
    }

    /** How many bytes of both buffers were not used. */
    public final long residual() {
        return size - transferredOut - transferredIn;
    }

    /** How many bytes were written to the data-in buffer. */
    public final long transferredIn() {
        return transferredIn;
    }

    /** How many bytes were taken from the data-out buffer. */
    public final long transferredOut() {
        return transferredOut;
    }

    /** The command has ended: the slot is the transport's again. */
    protected abstract void completed();

    // What follows is for the target.

    final void start(int newLun, @Nullable ItlNexus newNexus) {
        if (running) {
            throw new IllegalStateException("The slot is in use.");
        }
        running = true;
        lun = newLun;
        nexus = newNexus;
        command = null;
        lba = -1;
        blocks = 0;
        sense.clear();
        overrun = false;
        size = dataOut.bytes() + dataIn.bytes();
        transferredOut = 0;
        transferredIn = 0;
        beginEvent();
    }

    /** Remembers what the command was recognised as. */
    final void recognized(SupportedCommand<?> supported) {
        command = supported;
    }

    /** Remembers which blocks the command is about. */
    final void concerns(long firstBlock, long count) {
        lba = firstBlock;
        blocks = count;
    }

    /** The first logical block that the command is about. */
    final long lba() {
        return lba;
    }

    /** How many logical blocks the command is about. */
    final long blocks() {
        return blocks;
    }

    /** Where the command stands between two operations on the medium; a {@link MediumCommand} gives it its meaning. */
    final int phase() {
        return phase;
    }

    /** Fills the data-in buffer, which has been cut to size, from the medium. */
    final void readMedium(DiskNexus from, long offset, MediumCommand next, int newPhase) {
        submit(fromMedium, BlockRequest.Operation.READ, from, offset, next, newPhase);
    }

    /** Brings the data-out buffer, which has been cut to size, to the medium. */
    final void writeMedium(DiskNexus to, long offset, MediumCommand next, int newPhase) {
        submit(toMedium, BlockRequest.Operation.WRITE, to, offset, next, newPhase);
    }

    /** Brings all that was written to stable storage. */
    final void flushMedium(DiskNexus of, MediumCommand next, int newPhase) {
        submit(toMedium, BlockRequest.Operation.FLUSH, of, 0, next, newPhase);
    }

    private void submit(
            MediumRequest request,
            BlockRequest.Operation operation,
            DiskNexus on,
            long offset,
            MediumCommand next,
            int newPhase) {
        disk = on;
        continuation = next;
        phase = newPhase;
        request.prepare(operation, offset);
        BlockQueue queue = on.queue();
        queue.submit(request);
    }

    /** All of the data-in buffer that {@link #readMedium} filled counts as moved. */
    final void movedIn(long bytes) {
        transferredIn = bytes;
    }

    /** All of the data-out buffer that {@link #writeMedium} took counts as moved. */
    final void movedOut(long bytes) {
        transferredOut = bytes;
    }

    /** Ends the command with data for the initiator, as far as its allocation length goes (SPC-5). */
    final void answer(ParameterData data, long allocationLength) {
        long length = Math.min(data.length(), allocationLength);
        if (length > dataIn.bytes()) {
            endWithOverrun();
            return;
        }
        dataIn.truncate(length);
        dataIn.copyFrom(MemorySegment.ofArray(data.bytes()), 0);
        transferredIn = length;
        end(ScsiStatus.GOOD);
    }

    /** Ends the command because the buffers are too small for it. */
    final void endWithOverrun() {
        overrun = true;
        end(ScsiStatus.GOOD);
    }

    /** Ends the command with CHECK CONDITION. */
    final void fail(SenseCode code) {
        sense.setFixed(code);
        end(ScsiStatus.CHECK_CONDITION);
    }

    /** Ends the command with CHECK CONDITION and a value for the INFORMATION field. */
    final void fail(SenseCode code, long information) {
        sense.setFixed(code);
        sense.setInformation(information);
        end(ScsiStatus.CHECK_CONDITION);
    }

    /**
     * Ends the command with INVALID FIELD IN CDB.
     *
     * @param offset where in the CDB the field begins
     * @param bit its leftmost bit there, or {@link #WHOLE_BYTE}
     */
    final void invalidField(int offset, int bit) {
        sense.setFixed(SenseCode.INVALID_FIELD_IN_CDB);
        sense.setFieldPointer(offset, bit);
        end(ScsiStatus.CHECK_CONDITION);
    }

    /** For {@link #invalidField}: the field has whole bytes. */
    static final int WHOLE_BYTE = -1;

    /** Ends the command. */
    final void end(ScsiStatus newStatus) {
        if (!running) {
            throw new IllegalStateException("The command has ended already.");
        }
        running = false;
        status = newStatus;
        disk = null;
        continuation = null;
        endEvent();
        ItlNexus counting = nexus;
        if (counting != null) {
            counting.count(this);
        }
        completed();
    }

    private void beginEvent() {
        ScsiCommandEvent begun = event;
        if (begun == null && FlightRecorder.isInitialized()) {
            begun = new ScsiCommandEvent();
            event = begun;
        }
        if (begun != null) {
            begun.begin();
        }
    }

    private void endEvent() {
        ScsiCommandEvent ended = event;
        if (ended != null) {
            ended.end();
            if (ended.shouldCommit()) {
                ended.describe(command, lun, lba, blocks, this);
                ended.commit();
            }
        }
    }

    private void mediumEnded(int errno) {
        DiskNexus from = disk;
        MediumCommand next = continuation;
        if (from == null || next == null) {
            throw new IllegalStateException("The medium answered what nobody asked.");
        }
        next.mediumEnded(from, this, errno);
    }

    /** The part of a slot that goes to the medium. */
    private final class MediumRequest extends BlockRequest {
        MediumRequest(IoVector data) {
            super(data);
        }

        @Override
        public void completed(int errno) {
            mediumEnded(errno);
        }
    }
}
