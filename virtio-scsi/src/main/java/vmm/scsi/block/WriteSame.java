package vmm.scsi.block;

import vmm.scsi.Cdb;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;

/**
 * WRITE SAME (10), (16) and (32) (SBC-4 5.52 to 5.54): writes one block over and over. Blocks of zeros are left to the
 * medium, which may give their storage back if UNMAP says so.
 */
final class WriteSame extends WritingCommand implements SteppedCommand {
    private static final int TEN = 0x41;

    private static final int ANCHOR = 1 << 4;
    private static final int UNMAP = 1 << 3;

    /** PBDATA and LBDATA, which SBC-3 made obsolete. */
    private static final int OBSOLETE = 0b11 << 1;

    private static final int NDOB = 1;

    private static final int CHANGING = 0;

    @Override
    public void execute(DiskNexus nexus, ScsiTask task) {
        ScsiDisk disk = nexus.unit();
        Cdb cdb = task.cdb();
        long lba = BlockAccess.lba(cdb);
        long count = BlockAccess.count(cdb);
        int block = disk.geometry().logicalBlock();
        // SBC-4 5.52: 0 means all up to the end, since WSNZ is 0
        task.concerns(lba, count == 0 ? Math.max(disk.blocks() - lba, 1) : count);
        if (BlockAccess.isUnprotected(task)
                && BlockAccess.canWrite(disk, task)
                && hasGoodFlags(disk, task)
                && BlockAccess.inRange(disk, task)
                && (!hasData(cdb) || BlockAccess.hasExactly(task, block, BlockAccess.countOffset(cdb)))) {
            nexus.enter(task, this);
        }
    }

    private static boolean hasData(Cdb cdb) {
        return cdb.operationCode() == TEN || !BlockAccess.has(cdb, NDOB);
    }

    private static boolean hasGoodFlags(ScsiDisk disk, ScsiTask task) {
        Cdb cdb = task.cdb();
        int offset = BlockAccess.flagsOffset(cdb);
        if (cdb.has(offset, ANCHOR)) {
            // SBC-4 6.6.6: ANC_SUP is 0
            task.invalidField(offset, 4);
        } else if (cdb.has(offset, UNMAP) && !disk.isThin()) {
            task.invalidField(offset, 3);
        } else if (cdb.has(offset, OBSOLETE)) {
            task.invalidField(offset, 2);
        } else if (cdb.operationCode() == TEN && cdb.has(offset, NDOB)) {
            task.invalidField(offset, 0);
        } else {
            return true;
        }
        return false;
    }

    @Override
    public void begin(DiskNexus nexus, ScsiTask task) {
        if (!hasData(task.cdb())) {
            step(nexus, task);
        } else if (task.medium().borrowScratch()) {
            int block = nexus.unit().geometry().logicalBlock();
            task.dataOut().copyTo(task.medium().scratch(), 0, block);
            Pattern.repeat(task.medium().scratch(), block);
            step(nexus, task);
        }
    }

    @Override
    public void step(DiskNexus nexus, ScsiTask task) {
        if (isZero(nexus, task)) {
            boolean unmap = BlockAccess.has(task.cdb(), UNMAP);
            task.medium().zero(nexus, position(nexus, task), left(nexus, task, ZEROS_PER_STEP), unmap, this, CHANGING);
        } else {
            task.medium()
                    .writeScratch(
                            nexus, position(nexus, task), left(nexus, task, ScsiTask.SCRATCH_BYTES), this, CHANGING);
        }
    }

    private static boolean isZero(DiskNexus nexus, ScsiTask task) {
        return !hasData(task.cdb())
                || Pattern.isZero(
                        task.medium().scratch(), nexus.unit().geometry().logicalBlock());
    }

    @Override
    void answered(DiskNexus nexus, ScsiTask task, int errno) {
        if (errno != 0) {
            MediumError.write(task, errno, currentLba(nexus, task));
            return;
        }
        task.advance(left(nexus, task, isZero(nexus, task) ? ZEROS_PER_STEP : ScsiTask.SCRATCH_BYTES));
        if (left(nexus, task, 1) > 0) {
            proceed(nexus, task);
        } else {
            finish(nexus, task);
        }
    }

    @Override
    boolean mustFlush(ScsiDisk disk, ScsiTask task) {
        // There is no FUA; its bit is UNMAP.
        return !disk.writeCache();
    }

    @Override
    void done(DiskNexus nexus, ScsiTask task) {
        task.movedOut(hasData(task.cdb()) ? nexus.unit().geometry().logicalBlock() : 0);
        nexus.countWrite(BlockAccess.bytes(nexus.unit(), task));
        task.end(ScsiStatus.GOOD);
    }
}
