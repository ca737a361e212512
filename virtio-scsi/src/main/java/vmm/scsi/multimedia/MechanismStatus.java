package vmm.scsi.multimedia;

import vmm.scsi.Command;
import vmm.scsi.ParameterData;
import vmm.scsi.ScsiTask;

/** MECHANISM STATUS (MMC-6 6.10): a drive for one disc, which is in or out. */
final class MechanismStatus implements Command<DriveNexus> {
    private static final int DOOR_OPEN = 1 << 4;
    private static final int ONE_SLOT = 1;

    @Override
    public void execute(DriveNexus nexus, ScsiTask task) {
        int door = nexus.unit().isOpen() ? DOOR_OPEN : 0;
        ParameterData data =
                new ParameterData().u8(0).u8(door).zeros(3).u8(ONE_SLOT).u16(0);
        task.answer(data, task.cdb().u16(8));
    }
}
