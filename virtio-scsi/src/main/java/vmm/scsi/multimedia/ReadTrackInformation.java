package vmm.scsi.multimedia;

import vmm.scsi.Cdb;
import vmm.scsi.Command;
import vmm.scsi.ParameterData;
import vmm.scsi.ScsiTask;

/** READ TRACK INFORMATION (MMC-6 6.26) about the only track, whichever way it is asked for. */
final class ReadTrackInformation implements Command<DriveNexus> {
    private static final int ADDRESS_TYPE = 0b11;
    private static final int BY_LBA = 0;
    private static final int BY_TRACK = 1;
    private static final int BY_SESSION = 2;

    private static final int DATA_TRACK = 4;
    private static final int MODE_1 = 1;

    @Override
    public void execute(DriveNexus nexus, ScsiTask task) {
        Cdb cdb = task.cdb();
        long blocks = nexus.disc().blocks();
        long number = cdb.u32(2);
        boolean known = switch (cdb.u8(1) & ADDRESS_TYPE) {
            case BY_LBA -> number < blocks;
            case BY_TRACK, BY_SESSION -> number == 1;
            default -> false;
        };
        if (!known) {
            task.invalidField(2, ScsiTask.WHOLE_BYTE);
            return;
        }
        long nothing = 0;
        ParameterData data = new ParameterData()
                .u16(0)
                .u8(1)
                .u8(1)
                .u8(0)
                .u8(DATA_TRACK)
                .u8(MODE_1)
                .u8(0);
        data.u32(0)
                .u32(nothing)
                .u32(nothing)
                .u32(nothing)
                .u32(blocks)
                .u32(nothing)
                .zeros(4);
        data.set16(0, data.length() - 2);
        task.answer(data, cdb.u16(7));
    }
}
