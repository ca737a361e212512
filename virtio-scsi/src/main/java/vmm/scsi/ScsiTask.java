package vmm.scsi;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import vmm.linux.IoVector;

/**
 * A slot for one command (a task, in the words of SAM), made once and used again and again by the loop that owns it.
 *
 * <p>A transport extends it with what it must remember until the answer. For each command it fills {@link #cdb} and the
 * two buffers, calls {@link #identify} and {@link ItNexus#execute}, and gets {@link #completed} once; until then the
 * slot belongs to the target. Everything is on the loop's thread.
 */
public abstract class ScsiTask {
    /** The size of a {@link MediumWork#scratch} buffer in bytes. */
    public static final int SCRATCH_BYTES = ScratchPool.BUFFER_BYTES;

    /** The longest {@link #parameterList} in bytes. */
    public static final int LONGEST_PARAMETER_LIST = 1 << 20;

    /** For {@link #invalidField} and {@link #invalidParameter}: the field has whole bytes. */
    public static final int WHOLE_BYTE = SenseData.WHOLE_BYTE;

    private final Cdb cdb = new Cdb();
    private final SenseData sense = new SenseData();
    private final IoVector dataOut;
    private final IoVector dataIn;
    private final MediumWork medium;

    // For the task set that the command is in.
    @Nullable
    ScsiTask older;

    @Nullable
    ScsiTask newer;

    boolean inSet;
    boolean begun;

    private TaskEnding ending = TaskEnding.ANSWERED;
    private boolean abortedByOther;

    /** Held back by an injected fault; what it is held by, so that a later command in this slot is not let go. */
    private @Nullable Object ticket;

    /** The command is at the blocks that it concerns. */
    private boolean inRange;

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

    private long progress;
    private @Nullable Object attachment;

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
    @SuppressWarnings("this-escape") // What is made here only keeps it for later.
    protected ScsiTask(int maxBuffers) {
        dataOut = new IoVector(maxBuffers);
        dataIn = new IoVector(maxBuffers);
        medium = new MediumWork(this);
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

    /** Whether the command lived to its end. If not, neither status nor data count. */
    public final TaskEnding ending() {
        return ending;
    }

    /** How the command ended. Says nothing if there was an {@link #overrun} or another {@link #ending}. */
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

    /**
     * True if a write does what it can when the initiator sends less data than the CDB asks for, which then counts as
     * moved all the same (SAM-5, residual overflow); false if nothing is done then, but {@link #overrun}.
     */
    public boolean acceptsLessData() {
        return false;
    }

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
        progress = 0;
        inRange = false;
        ending = TaskEnding.ANSWERED;
        abortedByOther = false;
        medium.begin();
        event = ScsiCommandEvent.begin(event);
    }

    /** True if nobody wants the command any more: one that takes long ends at the next place that is good for it. */
    public final boolean aborted() {
        return abortedByOther || ending != TaskEnding.ANSWERED;
    }

    /** Ends the command as soon as the medium does not work for it any more. See {@link TaskSet#abort}. */
    final void abort(TaskEnding how) {
        if (how == TaskEnding.ANSWERED) {
            abortedByOther = true;
        } else {
            ending = how;
        }
        if (!begun || ticket != null) {
            ticket = null;
            end(ScsiStatus.TASK_ABORTED);
        }
    }

    /** Holds the command back until {@link #unpark} or {@link #abort}. */
    final void park(Object newTicket) {
        ticket = newTicket;
    }

    /** True if the command is still held back by that ticket; then it is no more. */
    @SuppressWarnings("ReferenceEquality") // A ticket is one of a kind.
    final boolean unpark(Object presented) {
        if (ticket != presented) {
            return false;
        }
        ticket = null;
        return true;
    }

    /** The nexus that the command came through, or null if there is no such logical unit. */
    public final @Nullable ItlNexus nexus() {
        return nexus;
    }

    /** Remembers what the command was recognised as. */
    final void recognized(SupportedCommand<?> supported) {
        command = supported;
    }

    /** Remembers which blocks the command is about. */
    public final void concerns(long firstBlock, long count) {
        lba = firstBlock;
        blocks = count;
    }

    /** The command begins to work on the blocks that it {@linkplain #concerns is about}. */
    public final void enterRange() {
        inRange = true;
    }

    /**
     * The command works on its blocks no more.
     *
     * @return false if it did not
     */
    public final boolean leaveRange() {
        boolean was = inRange;
        inRange = false;
        return was;
    }

    /** True if the command works on a block from {@code start} up to {@code end}. */
    final boolean isIn(long start, long end) {
        return inRange && lba < end && start < lba + blocks;
    }

    /** The first logical block that the command is about. */
    public final long lba() {
        return lba;
    }

    /** How many logical blocks the command is about. */
    public final long blocks() {
        return blocks;
    }

    /** What the command has the medium do. */
    public final MediumWork medium() {
        return medium;
    }

    /** How far the command has come, in a unit of its own; 0 at first. */
    public final long progress() {
        return progress;
    }

    /** The command has come further. */
    public final void advance(long by) {
        progress += by;
    }

    /** What the command remembers between two operations on the medium, or null. Forgotten when it ends. */
    public final @Nullable Object attachment() {
        return attachment;
    }

    /** Remembers something until the command ends. */
    public final void attach(Object newAttachment) {
        attachment = newAttachment;
    }

    /**
     * Copies the parameter list out of the data-out buffer.
     *
     * @param length the PARAMETER LIST LENGTH of the CDB, checked by the command
     * @return null if the initiator sent less or the list is longer than {@link #LONGEST_PARAMETER_LIST}; then the
     *     command has ended
     */
    public final @Nullable ParameterList parameterList(long length) {
        if (length > dataOut.bytes()) {
            endWithOverrun();
            return null;
        }
        if (length > LONGEST_PARAMETER_LIST) {
            fail(SenseCode.PARAMETER_LIST_LENGTH_ERROR);
            return null;
        }
        byte[] bytes = new byte[(int) length];
        dataOut.copyTo(MemorySegment.ofArray(bytes), 0, length);
        transferredOut = length;
        return new ParameterList(bytes);
    }

    /** All of the data-in buffer that {@link MediumWork#read} filled counts as moved. */
    public final void movedIn(long bytes) {
        transferredIn = bytes;
    }

    /** All of the data-out buffer that {@link MediumWork#write} took counts as moved. */
    public final void movedOut(long bytes) {
        transferredOut = bytes;
    }

    /** Ends the command with data for the initiator, as far as its allocation length goes (SPC-5). */
    public final void answer(ParameterData data, long allocationLength) {
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
    public final void endWithOverrun() {
        overrun = true;
        end(ScsiStatus.GOOD);
    }

    /**
     * Begins sense data in the format that the logical unit is set to (D_SENSE, SPC-5). Who wants to add to them does,
     * and then {@linkplain #end ends} the command with CHECK CONDITION.
     */
    public final SenseData beginSense(SenseCode code) {
        ItlNexus through = nexus;
        sense.begin(code, through != null && through.unit().descriptorSense());
        return sense;
    }

    /** Ends the command with CHECK CONDITION. */
    public final void fail(SenseCode code) {
        beginSense(code);
        end(ScsiStatus.CHECK_CONDITION);
    }

    /** Ends the command with CHECK CONDITION and a value for the INFORMATION field. */
    public final void fail(SenseCode code, long information) {
        beginSense(code);
        sense.setInformation(information);
        end(ScsiStatus.CHECK_CONDITION);
    }

    /**
     * Ends the command with INVALID FIELD IN CDB.
     *
     * @param offset where in the CDB the field begins
     * @param bit its leftmost bit there, or {@link #WHOLE_BYTE}
     */
    public final void invalidField(int offset, int bit) {
        beginSense(SenseCode.INVALID_FIELD_IN_CDB);
        sense.setFieldPointer(true, offset, bit);
        end(ScsiStatus.CHECK_CONDITION);
    }

    /**
     * Ends the command with INVALID FIELD IN PARAMETER LIST.
     *
     * @param offset where in the list the field begins
     * @param bit its leftmost bit there, or {@link #WHOLE_BYTE}
     */
    public final void invalidParameter(int offset, int bit) {
        beginSense(SenseCode.INVALID_FIELD_IN_PARAMETER_LIST);
        sense.setFieldPointer(false, offset, bit);
        end(ScsiStatus.CHECK_CONDITION);
    }

    /** Ends the command. */
    public final void end(ScsiStatus newStatus) {
        if (!running) {
            throw new IllegalStateException("The command has ended already.");
        }
        running = false;
        status = abortedByOther ? ScsiStatus.TASK_ABORTED : newStatus;
        if (abortedByOther) {
            sense.clear();
        }
        attachment = null;
        medium.end();
        if (event != null) {
            event.end(command, lun, this);
        }
        ItlNexus through = nexus;
        if (through == null) {
            completed();
            return;
        }
        through.count(this);
        through.ended(this);
        TaskSet tasks = through.tasks();
        tasks.leave(this);
        completed();
        tasks.left();
    }
}
