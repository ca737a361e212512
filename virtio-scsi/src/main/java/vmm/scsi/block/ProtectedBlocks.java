package vmm.scsi.block;

import vmm.scsi.Cdb;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;
import vmm.scsi.block.InterleavedTransfer.Checks;
import vmm.scsi.block.protection.ProtectedMedium;

/** READ and WRITE with a RDPROTECT or WRPROTECT that is not 0 (SBC-4 5.16, 5.40). */
final class ProtectedBlocks implements RangeCommand {
    static final ProtectedBlocks READ = new ProtectedBlocks(false);
    static final ProtectedBlocks WRITE = new ProtectedBlocks(true);

    private final boolean writes;

    private ProtectedBlocks(boolean writes) {
        this.writes = writes;
    }

    @Override
    public void execute(DiskNexus nexus, ScsiTask task) {
        ScsiDisk disk = nexus.unit();
        Cdb cdb = task.cdb();
        int offset = BlockAccess.flagsOffset(cdb);
        ProtectedMedium medium = disk.protectedMedium();
        Checks checks = Checks.of(cdb.u8(offset) >> 5);
        if (medium == null || checks == null) {
            task.invalidField(offset, 7);
            return;
        }
        if (!BlockAccess.canMove(disk, task) || (writes && !BlockAccess.canWrite(disk, task))) {
            return;
        }
        long bytes = InterleavedTransfer.bytes(disk, task.blocks());
        if (bytes > (writes ? task.dataOut() : task.dataIn()).bytes()) {
            task.endWithOverrun();
        } else if (bytes == 0) {
            task.end(ScsiStatus.GOOD);
        } else if (task.medium().borrowScratch()) {
            task.attach(new InterleavedTransfer(nexus, task, medium, checks, writes));
            nexus.enter(task, this);
        }
    }

    @Override
    public void begin(DiskNexus nexus, ScsiTask task) {
        if (task.attachment() instanceof InterleavedTransfer transfer) {
            transfer.step();
        }
    }

    @Override
    public void mediumEnded(DiskNexus nexus, ScsiTask task, int errno) {
        throw new IllegalStateException("The transfer asks the medium, not the command.");
    }
}
