package vmm.scsi.block;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vmm.scsi.Cdb;
import vmm.scsi.ParameterList;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;
import vmm.scsi.block.WholeDiskOperation.Kind;
import vmm.scsi.block.WholeDiskOperation.Pass;

/**
 * FORMAT UNIT (SBC-4 5.5): fills all blocks, with zeros if there is no initialization pattern. There are no defects, so
 * lists of them are not accepted, and what concerns certifying makes no difference.
 */
final class FormatUnit extends WholeDiskCommand {
    private static final int FMTPINFO = 0b11 << 6;
    private static final int LONGLIST = 1 << 5;
    private static final int FMTDATA = 1 << 4;

    // The parameter list (SBC-4 5.5.2): a header, then an initialization pattern descriptor if IP says so.
    private static final int SHORT_HEADER = 4;
    private static final int LONG_HEADER = 8;
    private static final int PROTECTION_FIELD_USAGE = 0b111;
    private static final int IP = 1 << 3;
    private static final int IMMED = 1 << 1;
    private static final int PATTERN_HEADER = 4;
    private static final int IP_MODIFIER = 0b11 << 6;

    private static final Kind KIND =
            new Kind(SenseCode.LOGICAL_UNIT_NOT_READY_FORMAT_IN_PROGRESS, SenseCode.FORMAT_COMMAND_FAILED, false);

    @Override
    public void execute(DiskNexus nexus, ScsiTask task) {
        Cdb cdb = task.cdb();
        if (!nexus.isUnoccupied(task) || !BlockAccess.canWrite(nexus.unit(), task)) {
            return;
        }
        if ((cdb.u8(1) & FMTPINFO) >> 6 != protectionInformation(nexus.unit())) {
            // SBC-4 5.5.1: the type of protection is what it was configured to be
            task.invalidField(1, 7);
        } else if (cdb.has(1, FMTDATA)) {
            formatAsTold(nexus, task);
        } else if (cdb.has(1, LONGLIST)) {
            task.invalidField(1, 5);
        } else {
            start(nexus, task, new WholeDiskOperation(nexus, KIND, List.of(zeros(nexus)), false));
        }
    }

    /** FMTPINFO (SBC-4 5.5.1) of a disk as it is. */
    private static int protectionInformation(ScsiDisk disk) {
        return switch (disk.protectionType()) {
            case 0 -> 0b00;
            case 3 -> 0b11;
            default -> 0b10;
        };
    }

    private static Pass zeros(DiskNexus nexus) {
        return nexus.unit().isThin() ? Pass.ERASE : Pass.ZEROS;
    }

    private void formatAsTold(DiskNexus nexus, ScsiTask task) {
        boolean isLong = task.cdb().has(1, LONGLIST);
        int header = isLong ? LONG_HEADER : SHORT_HEADER;
        long most = header + PATTERN_HEADER + (long) nexus.unit().geometry().logicalBlock();
        ParameterList list =
                task.parameterList(Math.max(header, Math.min(task.dataOut().bytes(), most)));
        if (list == null) {
            return;
        }
        boolean hasDefects = isLong ? list.u32(4) != 0 : list.u16(2) != 0;
        if ((list.u8(0) & PROTECTION_FIELD_USAGE) != (nexus.unit().protectionType() == 3 ? 1 : 0)) {
            task.invalidParameter(0, 2);
        } else if (isLong && list.u8(3) != 0) {
            // P_I_INFORMATION and PROTECTION INTERVAL EXPONENT
            task.invalidParameter(3, ScsiTask.WHOLE_BYTE);
        } else if (hasDefects) {
            task.invalidParameter(isLong ? 4 : 2, ScsiTask.WHOLE_BYTE);
        } else {
            Pass pass = list.has(1, IP) ? pattern(nexus, task, list, header) : zeros(nexus);
            if (pass != null) {
                start(nexus, task, new WholeDiskOperation(nexus, KIND, List.of(pass), list.has(1, IMMED)));
            }
        }
    }

    /** The initialization pattern descriptor (SBC-4 5.5.2.3); null if it is wrong, and then the task has ended. */
    private static @Nullable Pass pattern(DiskNexus nexus, ScsiTask task, ParameterList list, int at) {
        byte[] block = new byte[nexus.unit().geometry().logicalBlock()];
        if (list.length() < at + PATTERN_HEADER) {
            task.fail(SenseCode.PARAMETER_LIST_LENGTH_ERROR);
            return null;
        }
        int length = list.u16(at + 2);
        if (list.has(at, IP_MODIFIER)) {
            task.invalidParameter(at, 7);
        } else if (list.u8(at + 1) > 1 || (list.u8(at + 1) == 0) != (length == 0)) {
            // INITIALIZATION PATTERN TYPE: ours, or the one that follows
            task.invalidParameter(at + 1, ScsiTask.WHOLE_BYTE);
        } else if (length > block.length) {
            task.invalidParameter(at + 2, ScsiTask.WHOLE_BYTE);
        } else if (length > list.length() - at - PATTERN_HEADER) {
            task.fail(SenseCode.PARAMETER_LIST_LENGTH_ERROR);
        } else if (length == 0) {
            return zeros(nexus);
        } else {
            byte[] pattern = Arrays.copyOfRange(list.bytes(), at + PATTERN_HEADER, at + PATTERN_HEADER + length);
            for (int i = 0; i < block.length; i++) {
                block[i] = pattern[i % length];
            }
            return new Pass(block, false);
        }
        return null;
    }
}
