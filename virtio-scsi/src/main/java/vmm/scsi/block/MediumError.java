package vmm.scsi.block;

import vmm.linux.Errno;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;
import vmm.scsi.block.protection.ProtectedMedium;

/** What a SCSI initiator hears of an error number of the medium. */
final class MediumError {
    private static final int EDQUOT = 122;

    private MediumError() {}

    /** Ends a task whose read failed. */
    static void read(ScsiTask task, int errno) {
        read(task, errno, task.lba());
    }

    /** Ends a task whose read failed; all before {@code lba} was good. */
    static void read(ScsiTask task, int errno, long lba) {
        if (errno == Errno.EIO) {
            task.fail(SenseCode.UNRECOVERED_READ_ERROR, firstBad(task, lba));
        } else {
            other(task, errno);
        }
    }

    /** Ends a task whose write failed. */
    static void write(ScsiTask task, int errno) {
        write(task, errno, task.lba());
    }

    /** Ends a task whose write failed; all before {@code lba} was good. */
    static void write(ScsiTask task, int errno, long lba) {
        switch (errno) {
            case Errno.EIO -> task.fail(SenseCode.WRITE_ERROR, firstBad(task, lba));
            // SBC-4, thin provisioning: no room for it, and none to be expected
            case Errno.ENOSPC, EDQUOT -> task.fail(SenseCode.SPACE_ALLOCATION_FAILED_WRITE_PROTECT);
            case Errno.EROFS, Errno.EPERM, Errno.EACCES -> task.fail(SenseCode.WRITE_PROTECTED);
            default -> other(task, errno);
        }
    }

    /** Ends a task whose flush failed: nobody knows which blocks are lost. */
    static void flush(ScsiTask task, int errno) {
        switch (errno) {
            case Errno.EIO -> task.fail(SenseCode.WRITE_ERROR);
            case Errno.ENOSPC, EDQUOT -> task.fail(SenseCode.SPACE_ALLOCATION_FAILED_WRITE_PROTECT);
            default -> other(task, errno);
        }
    }

    /**
     * INFORMATION (SBC-4, error reporting): the first bad block if it is known. If not, nothing counts of the data that
     * were being moved, so it is the first of their blocks.
     */
    private static long firstBad(ScsiTask task, long lba) {
        long offset = task.medium().errorOffset();
        return offset >= 0 && task.nexus() instanceof DiskNexus nexus
                ? offset >>> nexus.unit().geometry().shift()
                : lba;
    }

    private static void other(ScsiTask task, int errno) {
        switch (errno) {
            case ProtectedMedium.EILSEQ ->
                task.fail(SenseCode.LOGICAL_BLOCK_GUARD_CHECK_FAILED, firstBad(task, task.lba()));
            case ProtectedMedium.EBADE ->
                task.fail(SenseCode.LOGICAL_BLOCK_REFERENCE_TAG_CHECK_FAILED, firstBad(task, task.lba()));
            // The host is short of something; the initiator may well try again.
            case Errno.EAGAIN, Errno.EBUSY, Errno.ENOMEM -> task.end(ScsiStatus.BUSY);
            case Errno.ECANCELED, Errno.EINTR -> task.fail(SenseCode.COMMAND_ABORTED);
            default -> task.fail(SenseCode.INTERNAL_TARGET_FAILURE);
        }
    }
}
