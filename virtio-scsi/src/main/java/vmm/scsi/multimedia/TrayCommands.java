package vmm.scsi.multimedia;

import vmm.scsi.Cdb;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;

/** The commands that move the tray, and that prevent it. */
final class TrayCommands {
    // START STOP UNIT (MMC-6 6.42)
    private static final int POWER_CONDITION = 0xf << 4;
    private static final int LOEJ = 1 << 1;
    private static final int START = 1;

    // PREVENT ALLOW MEDIUM REMOVAL (MMC-6 6.14)
    private static final int PERSISTENT = 1 << 1;
    private static final int PREVENT = 1;

    private TrayCommands() {}

    /**
     * START STOP UNIT: opens and closes the tray. A disc needs no time to spin, so starting and stopping is nothing.
     */
    static void startStop(DriveNexus nexus, ScsiTask task) {
        CdRomDrive drive = nexus.unit();
        Cdb cdb = task.cdb();
        boolean moves = !cdb.has(4, POWER_CONDITION) && cdb.has(4, LOEJ);
        boolean out = moves && !cdb.has(4, START);
        if (out && !drive.isOpen() && drive.isLocked()) {
            task.fail(SenseCode.MEDIUM_REMOVAL_PREVENTED);
            return;
        }
        if (out) {
            drive.open();
        } else if (moves) {
            drive.load();
        }
        task.end(ScsiStatus.GOOD);
    }

    /** PREVENT ALLOW MEDIUM REMOVAL. */
    static void preventAllow(DriveNexus nexus, ScsiTask task) {
        if (task.cdb().has(4, PERSISTENT)) {
            // The persistent kind is for drives with morphing that tell of pressed buttons by themselves.
            task.invalidField(4, 1);
            return;
        }
        nexus.unit().lock(nexus, task.cdb().has(4, PREVENT));
        task.end(ScsiStatus.GOOD);
    }
}
