package vmm.scsi.multimedia;

import vmm.scsi.Command;
import vmm.scsi.ParameterData;
import vmm.scsi.ScsiTask;

/** READ CAPACITY (MMC-6 6.20): the last logical block and the size of each. */
final class ReadDiscCapacity implements Command<DriveNexus> {
    private static final int ALL = 8;

    @Override
    public void execute(DriveNexus nexus, ScsiTask task) {
        task.answer(new ParameterData().u32(nexus.disc().blocks() - 1).u32(Disc.BLOCK), ALL);
    }
}
