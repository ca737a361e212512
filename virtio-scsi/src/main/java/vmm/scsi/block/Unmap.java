package vmm.scsi.block;

import vmm.scsi.Cdb;
import vmm.scsi.ParameterList;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;

/** UNMAP (SBC-4 5.31): takes the storage of blocks away, which read as zeros from then on. */
final class Unmap extends WritingCommand implements SteppedCommand {
    private static final int ANCHOR = 1;
    private static final int LIST_LENGTH = 7;

    // The parameter list (SBC-4 5.31.2): header, then a descriptor for each range.
    private static final int DESCRIPTORS_LENGTH = 2;
    private static final int HEADER = 8;
    private static final int DESCRIPTOR = 16;
    private static final int COUNT = 8;

    private static final int UNMAPPING = 0;

    /** What is to be done, and at which descriptor it stands. */
    private static final class Ranges {
        private final ParameterList list;
        private final int end;
        private int at = HEADER;

        Ranges(ParameterList list) {
            this.list = list;
            // SBC-4 5.31.2: a rest that is no whole descriptor is ignored
            int said = list.u16(DESCRIPTORS_LENGTH) / DESCRIPTOR * DESCRIPTOR;
            int there = (list.length() - HEADER) / DESCRIPTOR * DESCRIPTOR;
            this.end = HEADER + Math.min(said, there);
        }

        long lba() {
            return list.u64(at);
        }

        long count() {
            return list.u32(at + COUNT);
        }

        boolean isDone() {
            return at >= end;
        }

        void next() {
            at += DESCRIPTOR;
        }
    }

    @Override
    public void execute(DiskNexus nexus, ScsiTask task) {
        ScsiDisk disk = nexus.unit();
        Cdb cdb = task.cdb();
        if (cdb.has(1, ANCHOR)) {
            // SBC-4 6.6.6: ANC_SUP is 0
            task.invalidField(1, 0);
            return;
        }
        if (!BlockAccess.canWrite(disk, task)) {
            return;
        }
        int length = cdb.u16(LIST_LENGTH);
        if (length == 0) {
            task.end(ScsiStatus.GOOD);
            return;
        }
        if (length < HEADER) {
            task.fail(SenseCode.PARAMETER_LIST_LENGTH_ERROR);
            return;
        }
        ParameterList list = task.parameterList(length);
        if (list != null) {
            check(nexus, task, new Ranges(list));
        }
    }

    /** SBC-4 5.31.1: nothing is unmapped unless everything can be. */
    private void check(DiskNexus nexus, ScsiTask task, Ranges ranges) {
        ScsiDisk disk = nexus.unit();
        if ((ranges.end - HEADER) / DESCRIPTOR > DiskLimits.MAXIMUM_UNMAP_BLOCK_DESCRIPTOR_COUNT) {
            task.invalidParameter(DESCRIPTORS_LENGTH, ScsiTask.WHOLE_BYTE);
            return;
        }
        long first = Long.MAX_VALUE;
        long end = 0;
        for (; !ranges.isDone(); ranges.next()) {
            task.concerns(ranges.lba(), ranges.count());
            if (!BlockAccess.inRange(disk, task)) {
                return;
            }
            first = Math.min(first, ranges.lba());
            end = Math.max(end, ranges.lba() + ranges.count());
        }
        if (first >= end) {
            task.end(ScsiStatus.GOOD);
            return;
        }
        task.concerns(first, end - first);
        ranges.at = HEADER;
        task.attach(ranges);
        nexus.enter(task, this);
    }

    @Override
    public void begin(DiskNexus nexus, ScsiTask task) {
        step(nexus, task);
    }

    private static Ranges ranges(ScsiTask task) {
        if (task.attachment() instanceof Ranges ranges) {
            return ranges;
        }
        throw new IllegalStateException("UNMAP has forgotten its ranges.");
    }

    /** How much of the current range is unmapped in one step, in bytes. */
    private static long stepLength(DiskNexus nexus, ScsiTask task) {
        long bytes = ranges(task).count() << nexus.unit().geometry().shift();
        return Math.min(bytes - task.progress(), ZEROS_PER_STEP);
    }

    @Override
    public void step(DiskNexus nexus, ScsiTask task) {
        Ranges ranges = ranges(task);
        if (!ranges.isDone()) {
            long offset = (ranges.lba() << nexus.unit().geometry().shift()) + task.progress();
            task.medium().zero(nexus, offset, stepLength(nexus, task), true, this, UNMAPPING);
        } else {
            finish(nexus, task);
        }
    }

    @Override
    boolean mustFlush(ScsiDisk disk, ScsiTask task) {
        return !disk.writeCache();
    }

    @Override
    void done(DiskNexus nexus, ScsiTask task) {
        task.end(ScsiStatus.GOOD);
    }

    @Override
    void answered(DiskNexus nexus, ScsiTask task, int errno) {
        Ranges ranges = ranges(task);
        if (errno != 0) {
            long done = task.progress() >>> nexus.unit().geometry().shift();
            MediumError.write(task, errno, ranges.lba() + done);
            return;
        }
        task.advance(stepLength(nexus, task));
        if (stepLength(nexus, task) == 0) {
            task.advance(-task.progress());
            ranges.next();
        }
        proceed(nexus, task);
    }
}
