package vmm.scsi.block;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import vmm.scsi.Cdb;
import vmm.scsi.ParameterList;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;
import vmm.scsi.block.WholeDiskOperation.Kind;
import vmm.scsi.block.WholeDiskOperation.Pass;

/**
 * SANITIZE (SBC-4 5.28): makes all that was ever written unreadable. A cryptographic erase does what a block erase
 * does: nothing is enciphered, so there is no key whose change would have the same effect.
 */
final class Sanitize extends WholeDiskCommand {
    // Service actions; what is neither is BLOCK ERASE or CRYPTOGRAPHIC ERASE.
    private static final int OVERWRITE = 0x01;
    private static final int EXIT_FAILURE_MODE = 0x1f;

    private static final int IMMED = 1 << 7;
    private static final int ZNR = 1 << 6;
    private static final int AUSE = 1 << 5;
    private static final int LIST_LENGTH = 7;

    // The parameter list of an overwrite (SBC-4 5.28.2.2).
    private static final int HEADER = 4;
    private static final int INVERT = 1 << 7;
    private static final int TEST = 0b11 << 5;
    private static final int COUNT = 0x1f;

    @Override
    public void execute(DiskNexus nexus, ScsiTask task) {
        Cdb cdb = task.cdb();
        int length = cdb.u16(LIST_LENGTH);
        int action = cdb.serviceAction();
        if (!nexus.isUnoccupied(task) || !hasGoodFields(nexus.unit(), task)) {
            return;
        }
        if (action == EXIT_FAILURE_MODE) {
            exitFailureMode(nexus.unit(), task);
        } else if (nexus.unit().stopped()) {
            task.fail(SenseCode.LOGICAL_UNIT_NOT_READY_INITIALIZING_COMMAND_REQUIRED);
        } else if (BlockAccess.canWrite(nexus.unit(), task)) {
            if (action == OVERWRITE) {
                ParameterList list = task.parameterList(length);
                if (list != null && hasGoodList(nexus.unit(), task, list)) {
                    start(nexus, task, overwrite(nexus.unit(), list));
                }
            } else {
                start(nexus, task, List.of(Pass.ERASE));
            }
        }
    }

    private static boolean hasGoodFields(ScsiDisk disk, ScsiTask task) {
        Cdb cdb = task.cdb();
        if (cdb.has(1, ZNR)) {
            // SBC-4 5.28: there are no zones
            task.invalidField(1, 6);
            return false;
        }
        for (int reserved = 2; reserved < LIST_LENGTH; reserved++) {
            if (cdb.u8(reserved) != 0) {
                task.invalidField(reserved, ScsiTask.WHOLE_BYTE);
                return false;
            }
        }
        int length = cdb.u16(LIST_LENGTH);
        int longest = HEADER + disk.geometry().logicalBlock();
        boolean overwrites = cdb.serviceAction() == OVERWRITE;
        if (overwrites ? length <= HEADER || length > longest : length != 0) {
            task.invalidField(LIST_LENGTH, ScsiTask.WHOLE_BYTE);
            return false;
        }
        return true;
    }

    private static boolean hasGoodList(ScsiDisk disk, ScsiTask task, ParameterList list) {
        int pattern = list.u16(2);
        if (list.has(0, TEST)) {
            task.invalidParameter(0, 6);
        } else if ((list.u8(0) & COUNT) == 0) {
            task.invalidParameter(0, 4);
        } else if (pattern == 0 || pattern > disk.geometry().logicalBlock() || pattern > list.length() - HEADER) {
            task.invalidParameter(2, ScsiTask.WHOLE_BYTE);
        } else {
            return true;
        }
        return false;
    }

    /** SBC-4 5.28.2.2: each block begins with the pattern, and the last repetition may be cut off. */
    private static List<Pass> overwrite(ScsiDisk disk, ParameterList list) {
        byte[] pattern = Arrays.copyOfRange(list.bytes(), HEADER, HEADER + list.u16(2));
        byte[] block = new byte[disk.geometry().logicalBlock()];
        byte[] inverted = new byte[block.length];
        for (int i = 0; i < block.length; i++) {
            block[i] = pattern[i % pattern.length];
            inverted[i] = (byte) ~block[i];
        }
        List<Pass> passes = new ArrayList<>();
        for (int i = 0; i < (list.u8(0) & COUNT); i++) {
            passes.add(new Pass(list.has(0, INVERT) && i % 2 == 1 ? inverted : block, false));
        }
        return passes;
    }

    private void start(DiskNexus nexus, ScsiTask task, List<Pass> passes) {
        Kind kind = new Kind(
                SenseCode.LOGICAL_UNIT_NOT_READY_SANITIZE_IN_PROGRESS,
                SenseCode.SANITIZE_COMMAND_FAILED,
                task.cdb().has(1, AUSE));
        start(
                nexus,
                task,
                new WholeDiskOperation(nexus, kind, passes, task.cdb().has(1, IMMED)));
    }

    private static void exitFailureMode(ScsiDisk disk, ScsiTask task) {
        if (disk.leaveFailure()) {
            task.end(ScsiStatus.GOOD);
        } else {
            // SBC-4 4.11.4: the failed operation did not allow it
            task.invalidField(1, 4);
        }
    }
}
