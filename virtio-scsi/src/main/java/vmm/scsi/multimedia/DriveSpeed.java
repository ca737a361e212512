package vmm.scsi.multimedia;

import vmm.scsi.Cdb;
import vmm.scsi.ParameterData;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;

/** The commands about the speed of a drive, which is as fast as the host and takes no orders. */
final class DriveSpeed {
    /** Kilobytes per second of a DVD at its single speed, times 16. */
    private static final long NOMINAL = 1385L * 16;

    private static final int PERFORMANCE_DATA = 0;

    private DriveSpeed() {}

    /** SET CD SPEED (MMC-6 6.37): accepted, as drives may round any speed to one that they have. */
    static void setSpeed(DriveNexus nexus, ScsiTask task) {
        task.end(ScsiStatus.GOOD);
    }

    /** GET PERFORMANCE (MMC-6 6.8) of type 0: one speed for the whole disc. */
    static void getPerformance(DriveNexus nexus, ScsiTask task) {
        Cdb cdb = task.cdb();
        if (cdb.u8(10) != PERFORMANCE_DATA) {
            task.invalidField(10, ScsiTask.WHOLE_BYTE);
            return;
        }
        ParameterData data = new ParameterData().zeros(8);
        if (cdb.u16(8) > 0) {
            data.u32(0).u32(NOMINAL).u32(nexus.disc().blocks() - 1).u32(NOMINAL);
        }
        data.set32(0, data.length() - 4);
        task.answer(data, data.length());
    }
}
