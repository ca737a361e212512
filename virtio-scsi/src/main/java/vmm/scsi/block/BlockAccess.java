package vmm.scsi.block;

import vmm.scsi.Cdb;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;

/** What the commands that are about logical blocks have in common: which blocks, are they there, what if it fails. */
final class BlockAccess {
    private BlockAccess() {}

    /** The LOGICAL BLOCK ADDRESS of a CDB of 6, 10, 12 or 16 bytes (SPC-5); from 2^63 on negative. */
    static long lba(Cdb cdb) {
        return switch (cdb.operationCode() >>> 5) {
            case 0 -> cdb.u24(1) & 0x1f_ffff;
            case 4 -> cdb.u64(2);
            default -> cdb.u32(2);
        };
    }

    /** The TRANSFER LENGTH or NUMBER OF LOGICAL BLOCKS of a CDB of 6, 10, 12 or 16 bytes. */
    static long count(Cdb cdb) {
        return switch (cdb.operationCode() >>> 5) {
            // SBC-3, READ (6) and WRITE (6): of the six-byte commands only, 0 means 256
            case 0 -> cdb.u8(4) == 0 ? 256 : cdb.u8(4);
            case 4 -> cdb.u32(10);
            case 5 -> cdb.u32(6);
            default -> cdb.u16(7);
        };
    }

    /** True if the disk has all the blocks that the task concerns; otherwise the task has ended. */
    static boolean inRange(ScsiDisk disk, ScsiTask task) {
        long lba = task.lba();
        long capacity = disk.blocks();
        if (lba >= 0 && lba <= capacity && task.blocks() <= capacity - lba) {
            return true;
        }
        // SBC-4, error reporting: INFORMATION has the first address that is none
        long first = lba >= 0 && lba < capacity ? capacity : lba;
        task.fail(SenseCode.LOGICAL_BLOCK_ADDRESS_OUT_OF_RANGE, first);
        return false;
    }
}
