package vmm.scsi.block;

import vmm.scsi.Cdb;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;

/**
 * What the commands that are about logical blocks have in common: which blocks, are they there, may they be changed.
 */
final class BlockAccess {
    // The flags that most of these commands have in the same byte (SBC-4).
    static final int PROTECT = 0b111 << 5;
    static final int FUA = 1 << 3;

    private BlockAccess() {}

    /** The LOGICAL BLOCK ADDRESS of a CDB (SPC-5); from 2^63 on negative. */
    static long lba(Cdb cdb) {
        return switch (cdb.operationCode() >>> 5) {
            case 0 -> cdb.u24(1) & 0x1f_ffff;
            case 3 -> cdb.u64(12);
            case 4 -> cdb.u64(2);
            default -> cdb.u32(2);
        };
    }

    /** The TRANSFER LENGTH or NUMBER OF LOGICAL BLOCKS of a CDB, where it is at the place that most of them have it. */
    static long count(Cdb cdb) {
        return switch (cdb.operationCode() >>> 5) {
            // SBC-3, READ (6) and WRITE (6): of the six-byte commands only, 0 means 256
            case 0 -> cdb.u8(4) == 0 ? 256 : cdb.u8(4);
            case 3 -> cdb.u32(28);
            case 4 -> cdb.u32(10);
            case 5 -> cdb.u32(6);
            default -> cdb.u16(7);
        };
    }

    /** Where {@link #count} is. */
    static int countOffset(Cdb cdb) {
        return switch (cdb.operationCode() >>> 5) {
            case 0 -> 4;
            case 3 -> 28;
            case 4 -> 10;
            case 5 -> 6;
            default -> 7;
        };
    }

    /** Where the flags are: {@link #PROTECT}, {@link #FUA} and those of the single commands. */
    static int flagsOffset(Cdb cdb) {
        return cdb.operationCode() == Cdb.VARIABLE_LENGTH ? 10 : 1;
    }

    /** True if one of {@code flags} is set; a CDB of six bytes has none. */
    static boolean has(Cdb cdb, int flags) {
        return cdb.operationCode() >>> 5 != 0 && cdb.has(flagsOffset(cdb), flags);
    }

    /** Names the blocks of a CDB that has its address and number at the usual places. */
    static void concerns(ScsiTask task) {
        task.concerns(lba(task.cdb()), count(task.cdb()));
    }

    /** True if the disk has all the blocks that the task concerns; otherwise the task has ended. */
    static boolean inRange(ScsiDisk disk, ScsiTask task) {
        if (inRange(disk, task.lba(), task.blocks())) {
            return true;
        }
        outOfRange(disk, task);
        return false;
    }

    static boolean inRange(ScsiDisk disk, long lba, long count) {
        long capacity = disk.blocks();
        return lba >= 0 && lba <= capacity && count <= capacity - lba;
    }

    /** Ends a task that is about blocks that are not there. */
    static void outOfRange(ScsiDisk disk, ScsiTask task) {
        long lba = task.lba();
        // SBC-4, error reporting: INFORMATION has the first address that is none
        task.fail(SenseCode.LOGICAL_BLOCK_ADDRESS_OUT_OF_RANGE, lba >= 0 && lba < disk.blocks() ? disk.blocks() : lba);
    }

    /**
     * True if blocks can be moved as the task wants it: they are there, and not more than
     * {@link DiskLimits#MAXIMUM_TRANSFER_LENGTH}. Otherwise the task has ended.
     */
    static boolean canMove(ScsiDisk disk, ScsiTask task) {
        if (!inRange(disk, task)) {
            return false;
        }
        if (task.blocks() > DiskLimits.MAXIMUM_TRANSFER_LENGTH) {
            task.invalidField(countOffset(task.cdb()), ScsiTask.WHOLE_BYTE);
            return false;
        }
        return true;
    }

    /** True if the disk may be written to; otherwise the task has ended. */
    static boolean canWrite(ScsiDisk disk, ScsiTask task) {
        SenseCode protection = disk.writeProtection();
        if (protection != null) {
            task.fail(protection);
            return false;
        }
        return true;
    }

    /**
     * True if RDPROTECT, WRPROTECT, VRPROTECT or ORPROTECT asks for nothing, which it must of a medium without
     * protection information (SBC-4 4.21); otherwise the task has ended.
     */
    static boolean isUnprotected(ScsiTask task) {
        if (has(task.cdb(), PROTECT)) {
            task.invalidField(flagsOffset(task.cdb()), 7);
            return false;
        }
        return true;
    }

    /**
     * True if the initiator has exactly the data that the command is about; otherwise the task has ended. For commands
     * that would be something else with more or with less.
     *
     * @param countOffset where the CDB says how many blocks it is about
     */
    static boolean hasExactly(ScsiTask task, long bytes, int countOffset) {
        long there = task.dataOut().bytes();
        if (there < bytes) {
            task.endWithOverrun();
        } else if (there > bytes) {
            task.invalidField(countOffset, ScsiTask.WHOLE_BYTE);
        }
        return there == bytes;
    }

    /** Where the task's first block is on the medium, in bytes. */
    static long offset(ScsiDisk disk, ScsiTask task) {
        return task.lba() << disk.geometry().shift();
    }

    /** How many bytes the task's blocks have. */
    static long bytes(ScsiDisk disk, ScsiTask task) {
        return task.blocks() << disk.geometry().shift();
    }

    /** True if what the task wrote must be in stable storage when it ends. */
    static boolean mustFlush(ScsiDisk disk, ScsiTask task) {
        return !disk.writeCache() || has(task.cdb(), FUA);
    }
}
