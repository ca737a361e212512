package vmm.scsi.block;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockDevice;
import vmm.block.BlockQueue;
import vmm.block.BlockRequest;
import vmm.block.ExtentQuery;
import vmm.linux.IoVector;
import vmm.scsi.CommandTable;
import vmm.scsi.DeviceServer;
import vmm.scsi.ItNexus;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;
import vmm.scsi.SenseData;
import vmm.scsi.UnitAttention;
import vmm.scsi.copy.CopyManager;
import vmm.scsi.primary.PrimaryNexus;
import vmm.scsi.reservation.ReservationView;

/** What a disk keeps for one initiator: its part of the commands of a disk. */
final class DiskNexus extends PrimaryNexus {
    private final ScsiDisk disk;
    private final DeviceServer<DiskNexus> server;

    /** Exclusive commands that wait for those of this nexus that work on their blocks. */
    private final List<RangeGuard.Entry> waiting = new ArrayList<>();

    /** Of which threshold descriptors it has not been told yet: a bit for each. */
    private final AtomicInteger reachedThresholds = new AtomicInteger();

    private final ReservationView reservations;
    private final CopyManager copies;

    DiskNexus(ItNexus initiator, ScsiDisk disk) {
        super(initiator, disk);
        this.disk = disk;
        this.server = DiskCommands.serverFor(disk);
        this.reservations = new ReservationView(disk.reservations(), this);
        this.copies = new CopyManager(initiator);
    }

    @Override
    public ScsiDisk unit() {
        return disk;
    }

    @Override
    public ReservationView reservations() {
        return reservations;
    }

    /** The copies that this initiator has asked this disk for. */
    CopyManager copies() {
        return copies;
    }

    @Override
    protected BlockDevice medium() {
        return disk.medium();
    }

    @Override
    protected CommandTable<?> commands() {
        return server.table();
    }

    @Override
    protected void execute(ScsiTask task) {
        ProvisioningThresholds thresholds = disk.thresholds();
        if (thresholds != null) {
            thresholds.commandArrives(this, task.cdb());
        }
        server.execute(this, task);
    }

    /** A threshold of the disk's storage was reached, of which this initiator is to be told. Any thread. */
    void thresholdReached(int index) {
        int ignored = reachedThresholds.getAndUpdate(set -> set | 1 << index);
        raise(UnitAttention.PROVISIONING_THRESHOLD_REACHED);
    }

    @Override
    public void describe(UnitAttention attention, SenseData sense) {
        if (attention != UnitAttention.PROVISIONING_THRESHOLD_REACHED) {
            return;
        }
        int reached = reachedThresholds.getAndUpdate(set -> set & set - 1);
        sense.setInformation(ProvisioningThresholds.informationOf(Integer.numberOfTrailingZeros(reached)));
        if (Integer.bitCount(reached) > 1) {
            raise(attention);
        }
    }

    @Override
    public @Nullable SenseCode notReady() {
        WholeDiskOperation operation = disk.operation();
        if (operation != null) {
            return operation.inProgress();
        }
        if (disk.ejected()) {
            return SenseCode.MEDIUM_NOT_PRESENT;
        }
        if (disk.stopped()) {
            return SenseCode.LOGICAL_UNIT_NOT_READY_INITIALIZING_COMMAND_REQUIRED;
        }
        return disk.failure();
    }

    @Override
    public int progress() {
        WholeDiskOperation operation = disk.operation();
        return operation == null ? NO_PROGRESS : operation.progress();
    }

    /** True if the disk is not busy with all of its blocks; otherwise the task has ended. */
    boolean isUnoccupied(ScsiTask task) {
        WholeDiskOperation operation = disk.operation();
        if (operation == null) {
            return true;
        }
        task.fail(operation.inProgress());
        return false;
    }

    @Override
    public @Nullable SenseCode condition() {
        SenseCode why = notReady();
        return why != null ? why : disk.mechanics().power().told();
    }

    /** Has {@code command} begin as soon as no exclusive one is in the range that the task is about. */
    void enter(ScsiTask task, RangeCommand command) {
        disk.mechanics().wake();
        if (disk.guard().isIdle()) {
            task.enterRange();
            command.begin(this, task);
        } else {
            disk.guard().enter(this, task, command, false);
        }
    }

    /** Has {@code command} begin as soon as no other one is in the range, and keeps others out until it has ended. */
    void enterAlone(ScsiTask task, RangeCommand command) {
        disk.guard().enter(this, task, command, true);
    }

    /** The guard lets a task in that had to wait. */
    void admitted(ScsiTask task, RangeCommand command) {
        SenseCode why = command.notReady(this);
        if (task.aborted()) {
            task.end(ScsiStatus.TASK_ABORTED);
        } else if (why != null) {
            task.fail(why);
        } else {
            command.begin(this, task);
        }
    }

    @Override
    protected void ended(ScsiTask task) {
        if (task.leaveRange()) {
            if (!waiting.isEmpty()) {
                tellWhoIsClear();
            }
        } else if (!disk.guard().isIdle()) {
            disk.guard().leave(task);
        }
    }

    private void tellWhoIsClear() {
        for (Iterator<RangeGuard.Entry> each = waiting.iterator(); each.hasNext(); ) {
            RangeGuard.Entry entry = each.next();
            if (!hasTaskIn(entry.start, entry.end)) {
                each.remove();
                disk.guard().settle(entry);
            }
        }
    }

    /** Tells the guard when no command is left in an entry's range of those that began here so far. Any thread. */
    void tellWhenClear(RangeGuard.Entry entry) {
        if (initiator().loop().inLoop()) {
            watch(entry);
            return;
        }
        try {
            initiator().loop().post(() -> watch(entry));
        } catch (IllegalStateException closed) {
            disk.guard().settle(entry); // A loop that has ended runs nothing.
        }
    }

    private void watch(RangeGuard.Entry entry) {
        if (hasTaskIn(entry.start, entry.end)) {
            waiting.add(entry);
        } else {
            disk.guard().settle(entry);
        }
    }

    /** Does something on a turn of its own. Any thread. */
    void later(Runnable step) {
        initiator().loop().post(step);
    }

    /** The way of this loop to the medium. */
    BlockQueue wayToMedium() {
        return queue();
    }

    /** Asks how the medium keeps its data. */
    void query(ExtentQuery query) {
        queue().query(query);
    }

    /**
     * Brings all that was written to stable storage, while nobody waits for it. If it fails, so does the next flush
     * that somebody waits for: a medium that could not be flushed stays so.
     */
    void flushUnasked() {
        new UnaskedFlush().start(queue());
    }

    private static final class UnaskedFlush extends BlockRequest {
        UnaskedFlush() {
            super(new IoVector(1));
        }

        void start(BlockQueue queue) {
            prepare(Operation.FLUSH, 0);
            queue.submit(this);
        }

        @Override
        public void completed(int errno) {
            // Nobody asked.
        }
    }
}
