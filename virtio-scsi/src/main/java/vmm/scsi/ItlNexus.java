package vmm.scsi;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * What a logical unit keeps for one initiator (an I_T_L nexus, SAM-5): the unit attention conditions that it has not
 * told yet, and counters.
 *
 * <p>Belongs to the loop of its {@link ItNexus}, which alone runs commands through it; any thread may {@link #raise}.
 */
public abstract class ItlNexus {
    private static final VarHandle PENDING;

    static {
        try {
            PENDING = MethodHandles.lookup()
                    .findVarHandle(ItlNexus.class, "pending", int.class)
                    .withInvokeExactBehavior();
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** No operation is under way. */
    public static final int NO_PROGRESS = -1;

    private final ItNexus initiator;
    private final LogicalUnit unit;

    @SuppressWarnings("FieldMayBeFinal") // Written through PENDING.
    private volatile int pending = UnitAttention.POWER_ON.bit();

    private int lun;
    private final TaskSet tasks = new TaskSet();

    private long commands;
    private long checkConditions;
    private long reads;
    private long bytesRead;
    private long writes;
    private long bytesWritten;
    private long readErrors;
    private long writeErrors;

    /** The nexus of {@code unit} and {@code initiator}, with POWER ON OCCURRED to tell. */
    protected ItlNexus(ItNexus initiator, LogicalUnit unit) {
        this.initiator = initiator;
        this.unit = unit;
    }

    /** The initiator's way to the target. */
    public final ItNexus initiator() {
        return initiator;
    }

    /** The logical unit. */
    public LogicalUnit unit() {
        return unit;
    }

    /** True if this belongs to {@code other}, and not to one that had its number before. */
    @SuppressWarnings("ReferenceEquality") // A logical unit is a thing, not a value.
    final boolean isOf(LogicalUnit other) {
        return unit == other;
    }

    /** Runs a command; {@link ScsiTask#completed} tells its end, perhaps before this returns. Loop thread only. */
    protected abstract void execute(ScsiTask task);

    /** A command that was executed here has ended, and its transport does not know it yet. Loop thread only. */
    protected void ended(ScsiTask task) {
        // Most keep nothing for a command.
    }

    /**
     * True if a command of this nexus {@linkplain ScsiTask#enterRange works on} a block from {@code start} to
     * {@code end}.
     */
    protected final boolean hasTaskIn(long start, long end) {
        return tasks.hasTaskIn(start, end);
    }

    /** The commands of this nexus. Loop thread only. */
    final TaskSet tasks() {
        return tasks;
    }

    /**
     * Aborts all commands of this nexus because of something that another one did (SAM-5 5.8): they end with TASK
     * ABORTED status if the logical unit says so (TAS), or with none and a unit attention condition. Any thread may
     * call.
     *
     * @param ended called on the loop of this nexus when the last of them has ended
     */
    public final void abortForOther(Runnable ended) {
        runOnLoop(
                () -> {
                    if (unit.taskAbortedStatus()) {
                        abortAll(TaskEnding.ANSWERED, ended);
                        return;
                    }
                    if (tasks.present(task -> true)) {
                        raise(UnitAttention.COMMANDS_CLEARED);
                    }
                    abortAll(TaskEnding.ABORTED, ended);
                },
                ended);
    }

    /**
     * Aborts all commands, of which none waits for the medium longer than its work takes. Loop thread only.
     *
     * @param ended called when the last of them has ended, perhaps before this returns
     */
    final void abortAll(TaskEnding ending, Runnable ended) {
        tasks.abort(task -> true, ending, () -> {
            drain(false);
            ended.run();
        });
        // Only now, so that commands which end by this are aborted ones.
        drain(true);
    }

    /**
     * Begins or ends a drain, see {@link vmm.block.BlockQueue#drain}; there may be several at once. Loop thread only.
     */
    protected void drain(boolean on) {
        // Most have no medium to wait for.
    }

    /** Runs something on this nexus's loop, or {@code otherwise} here if the loop is closed. Any thread may call. */
    public final void runOnLoop(Runnable message, Runnable otherwise) {
        initiator.runOnLoop(message, otherwise);
    }

    /** True if there is a unit attention condition to tell. Any thread may call. */
    public final boolean hasAttention() {
        return pending != 0;
    }

    /** Why commands that need the medium cannot run now, or null if they can. */
    public @Nullable SenseCode notReady() {
        return null;
    }

    /** What the reservations of the logical unit mean for this initiator. */
    public ReservationGate reservations() {
        return ReservationGate.OPEN;
    }

    /**
     * What REQUEST SENSE tells if no unit attention condition is pending (SPC-5), or null: why the unit is not ready.
     */
    public @Nullable SenseCode condition() {
        return notReady();
    }

    /**
     * How far a long operation has come that keeps the unit from being ready (SPC-5, progress indication).
     *
     * @return parts of 65,536, or {@link #NO_PROGRESS}
     */
    public int progress() {
        return NO_PROGRESS;
    }

    /** Establishes a unit attention condition (SAM-5). Any thread may call. */
    public final void raise(UnitAttention attention) {
        int ignored = (int) PENDING.getAndBitwiseOr(this, attention.bit());
        initiator.raised(lun, attention);
    }

    /** Somebody at the logical unit asks for its medium. Any thread may call. */
    final void askForMedium() {
        initiator.askedForMedium(lun);
    }

    /** The number by which the initiator addresses the logical unit. Before anybody else knows this nexus. */
    void setLun(int number) {
        lun = number;
    }

    /** Takes the first pending unit attention condition away, to be told now; null if there is none. */
    public final @Nullable UnitAttention takeAttention() {
        int set = pending;
        if (set == 0) {
            return null;
        }
        UnitAttention first = UnitAttention.first(set);
        if (first != null) {
            settle(first);
        }
        return first;
    }

    /**
     * Adds to sense data, begun with the code of {@code attention}, what else there is to say of it. Called once for
     * each condition that was {@linkplain #takeAttention taken}, on the loop.
     */
    public void describe(UnitAttention attention, SenseData sense) {
        // Most say it all by their code.
    }

    /** Takes away what telling {@code attention} settles. */
    public final void settle(UnitAttention attention) {
        int ignored = (int) PENDING.getAndBitwiseAnd(this, ~attention.settled());
    }

    final void count(ScsiTask task) {
        commands++;
        if (task.status() == ScsiStatus.CHECK_CONDITION) {
            checkConditions++;
            if (task.sense().key() == SenseKey.MEDIUM_ERROR.code()) {
                boolean wrote = task.sense().additionalCode() == SenseCode.WRITE_ERROR.additionalCode();
                readErrors += wrote ? 0 : 1;
                writeErrors += wrote ? 1 : 0;
            }
        }
    }

    /** Counts a command that read {@code bytes} from the medium. Loop thread only. */
    public final void countRead(long bytes) {
        reads++;
        bytesRead += bytes;
    }

    /** Counts a command that wrote {@code bytes} to the medium. Loop thread only. */
    public final void countWrite(long bytes) {
        writes++;
        bytesWritten += bytes;
    }

    /** What has been done through this nexus. Any thread may call; others than the loop's see it a little late. */
    public final LogicalUnitCounters counters() {
        return new LogicalUnitCounters(
                commands, checkConditions, reads, bytesRead, writes, bytesWritten, readErrors, writeErrors);
    }
}
