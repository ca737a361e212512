package vmm.scsi.multimedia;

import vmm.scsi.Cdb;
import vmm.scsi.MediumCommand;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;

/** READ (10) and READ (12) (MMC-6 6.21, 6.22), and READ CD (6.18) of the user data of data sectors. */
final class ReadDisc implements MediumCommand<DriveNexus> {
    private static final int READ_12 = 0xa8;
    private static final int READ_CD = 0xbe;

    // READ CD: expected sector type, and which parts of a sector are wanted
    private static final int SECTOR_TYPE = 0b111 << 2;
    private static final int ANY_TYPE = 0;
    private static final int MODE_1 = 0b010 << 2;
    private static final int USER_DATA = 0x10;

    @Override
    public void execute(DriveNexus nexus, ScsiTask task) {
        Cdb cdb = task.cdb();
        long count;
        switch (cdb.operationCode()) {
            case READ_12 -> count = cdb.u32(6);
            case READ_CD -> {
                count = cdb.u24(6);
                if (!wantsUserData(cdb, task)) {
                    return;
                }
            }
            default -> count = cdb.u16(7);
        }
        task.concerns(cdb.u32(2), count);
        long lba = task.lba();
        Disc disc = nexus.disc();
        if (count > disc.blocks() - lba) {
            task.fail(SenseCode.LOGICAL_BLOCK_ADDRESS_OUT_OF_RANGE, Math.max(lba, disc.blocks()));
            return;
        }
        long bytes = count << Disc.BLOCK_SHIFT;
        if (bytes > task.dataIn().bytes()) {
            task.endWithOverrun();
        } else if (bytes == 0) {
            task.end(ScsiStatus.GOOD);
        } else if (disc.enter()) {
            task.attach(disc);
            task.dataIn().truncate(bytes);
            task.medium().read(nexus, lba << Disc.BLOCK_SHIFT, this, 0);
        } else {
            task.fail(SenseCode.MEDIUM_NOT_PRESENT_TRAY_OPEN);
        }
    }

    private static boolean wantsUserData(Cdb cdb, ScsiTask task) {
        int type = cdb.u8(1) & SECTOR_TYPE;
        if (type != ANY_TYPE && type != MODE_1) {
            task.fail(SenseCode.ILLEGAL_MODE_FOR_THIS_TRACK);
            return false;
        }
        if (cdb.u8(9) != USER_DATA) {
            task.invalidField(9, ScsiTask.WHOLE_BYTE);
            return false;
        }
        if (cdb.u8(10) != 0) {
            task.invalidField(10, ScsiTask.WHOLE_BYTE);
            return false;
        }
        return true;
    }

    @Override
    public void mediumEnded(DriveNexus nexus, ScsiTask task, int errno) {
        if (task.attachment() instanceof Disc disc) {
            disc.leave();
        }
        if (errno == 0) {
            long bytes = task.blocks() << Disc.BLOCK_SHIFT;
            task.movedIn(bytes);
            nexus.countRead(bytes);
            task.end(ScsiStatus.GOOD);
        } else {
            task.fail(SenseCode.UNRECOVERED_READ_ERROR, task.lba());
        }
    }
}
