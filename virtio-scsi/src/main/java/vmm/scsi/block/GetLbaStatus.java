package vmm.scsi.block;

import vmm.block.ExtentQuery;
import vmm.linux.Errno;
import vmm.scsi.Cdb;
import vmm.scsi.Command;
import vmm.scsi.ParameterData;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;

/** GET LBA STATUS (16) and (32) (SBC-4 5.9, 5.10): which blocks have storage. */
final class GetLbaStatus implements Command<DiskNexus> {
    // Parameter data (SBC-4 5.9.2): header, then a descriptor for each range that is alike.
    private static final int HEADER = 8;
    private static final int DESCRIPTOR = 16;
    private static final long MOST_BLOCKS = 0xffff_ffffL;

    /** An answer may be shorter than the initiator has room for. */
    private static final int MOST_DESCRIPTORS = 256;

    /** RTP: what was asked for is all that there is to say. */
    private static final int REPORT_TYPES = 0x10;

    private static final int MAPPED = 0;
    private static final int DEALLOCATED = 1;

    // REPORT TYPE (SBC-4 5.9.1): which blocks are of interest.
    private static final int ALL = 0;

    @Override
    public void execute(DiskNexus nexus, ScsiTask task) {
        ScsiDisk disk = nexus.unit();
        Cdb cdb = task.cdb();
        boolean variable = cdb.operationCode() == Cdb.VARIABLE_LENGTH;
        int type = variable ? 10 : 14;
        long lba = BlockAccess.lba(cdb);
        task.concerns(lba, 1);
        if (cdb.u8(type) != ALL) {
            task.invalidField(type, ScsiTask.WHOLE_BYTE);
            return;
        }
        if (!BlockAccess.inRange(disk, task)) {
            return;
        }
        // SBC-4 5.10: SCAN LENGTH is how many blocks are of interest, 0 if all
        long scan = variable ? cdb.u32(20) : 0;
        long end = scan == 0 ? disk.blocks() : Math.min(disk.blocks(), lba + scan);
        long room = cdb.u32(variable ? 28 : 10);
        int descriptors = Math.clamp((room - HEADER) / DESCRIPTOR, 1, MOST_DESCRIPTORS);
        new Survey(nexus, task, lba, end, descriptors, room).proceed();
    }

    /** Goes from extent to extent of the medium. */
    private static final class Survey extends ExtentQuery {
        private final DiskNexus nexus;
        private final ScsiTask task;
        private final int shift;
        private final long end;
        private final int most;
        private final long room;
        private final ParameterData data = new ParameterData().zeros(HEADER);

        /** Where the next question begins. */
        private long at;

        /** The descriptor that is being put together; no blocks if there is none. */
        private long start;

        private long count;
        private int state;
        private int written;

        Survey(DiskNexus nexus, ScsiTask task, long lba, long end, int most, long room) {
            this.nexus = nexus;
            this.task = task;
            this.shift = nexus.unit().geometry().shift();
            this.at = lba;
            this.start = lba;
            this.end = end;
            this.most = most;
            this.room = room;
        }

        /** Asks about the rest. */
        void proceed() {
            if (!nexus.unit().isThin()) {
                take(MAPPED, Math.min(end - at, MOST_BLOCKS));
                finish();
            } else if (at == end || written == most) {
                finish();
            } else {
                prepare(at << shift, (end - at) << shift);
                nexus.query(this);
            }
        }

        @Override
        protected void answered(int errno, State found, long bytes) {
            if (errno != 0) {
                MediumError.read(task, errno == Errno.EINVAL ? Errno.EIO : errno, at);
                return;
            }
            // A block is mapped if a part of it is.
            long whole = bytes >>> shift;
            if (found == State.DEALLOCATED && whole > 0) {
                take(DEALLOCATED, whole);
            } else {
                take(MAPPED, Math.clamp((bytes + (1L << shift) - 1) >>> shift, 1, end - at));
            }
            nexus.later(this::proceed);
        }

        private void take(int found, long blocks) {
            if (count > 0 && (found != state || count + blocks > MOST_BLOCKS)) {
                write();
            }
            if (count == 0) {
                start = at;
                state = found;
            }
            long taken = Math.min(blocks, MOST_BLOCKS);
            count += taken;
            at += taken;
        }

        private void write() {
            if (written < most) {
                data.u64(start).u32(count).u8(state).zeros(3);
                written++;
            }
            count = 0;
        }

        private void finish() {
            if (task.aborted()) {
                task.end(ScsiStatus.TASK_ABORTED);
                return;
            }
            if (count > 0) {
                write();
            }
            data.set32(0, data.length() - Integer.BYTES);
            data.set8(7, at == end ? REPORT_TYPES : 0);
            task.answer(data, room);
        }
    }
}
