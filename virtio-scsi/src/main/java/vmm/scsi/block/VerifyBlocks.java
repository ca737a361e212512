package vmm.scsi.block;

import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;

/** VERIFY (10), (12), (16) and (32) (SBC-4 5.33 to 5.36). */
final class VerifyBlocks extends Verification {
    @Override
    public void execute(DiskNexus nexus, ScsiTask task) {
        ScsiDisk disk = nexus.unit();
        BlockAccess.concerns(task);
        int check = byteCheck(task);
        if (!BlockAccess.isUnprotected(task)) {
            return;
        }
        if (check != READABLE && check != ALL && check != SINGLE) {
            task.invalidField(BlockAccess.flagsOffset(task.cdb()), 2);
            return;
        }
        if (!(check == READABLE ? BlockAccess.inRange(disk, task) : BlockAccess.canMove(disk, task))) {
            return;
        }
        long data = dataBytes(disk, task);
        if (data > task.dataOut().bytes()) {
            task.endWithOverrun();
        } else if (task.blocks() == 0) {
            task.end(ScsiStatus.GOOD);
        } else {
            task.dataOut().truncate(data);
            nexus.enter(task, this);
        }
    }

    /** How much data the initiator sends. */
    private static long dataBytes(ScsiDisk disk, ScsiTask task) {
        return switch (byteCheck(task)) {
            case ALL -> BlockAccess.bytes(disk, task);
            case SINGLE -> task.blocks() == 0 ? 0 : disk.geometry().logicalBlock();
            default -> 0;
        };
    }

    @Override
    public void begin(DiskNexus nexus, ScsiTask task) {
        verify(nexus, task);
    }

    @Override
    void verified(DiskNexus nexus, ScsiTask task) {
        task.movedOut(dataBytes(nexus.unit(), task));
        task.end(ScsiStatus.GOOD);
    }
}
