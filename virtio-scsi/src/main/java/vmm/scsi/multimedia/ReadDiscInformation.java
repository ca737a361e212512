package vmm.scsi.multimedia;

import vmm.scsi.Cdb;
import vmm.scsi.Command;
import vmm.scsi.ParameterData;
import vmm.scsi.ScsiTask;

/** READ DISC INFORMATION (MMC-6 6.19): a finished disc of one session. */
final class ReadDiscInformation implements Command<DriveNexus> {
    private static final int DATA_TYPE = 0b111;

    /** The last session is complete, and so is the disc. */
    private static final int COMPLETE = 0b11 << 2 | 0b10;

    /** URU: the disc may be used for anything. */
    private static final int UNRESTRICTED = 1 << 5;

    @Override
    public void execute(DriveNexus nexus, ScsiTask task) {
        Cdb cdb = task.cdb();
        if (cdb.has(1, DATA_TYPE)) {
            task.invalidField(1, 2);
            return;
        }
        int firstTrack = 1;
        int sessions = 1;
        int firstTrackOfLastSession = 1;
        int lastTrack = 1;
        ParameterData data = new ParameterData().u16(0).u8(COMPLETE);
        data.u8(firstTrack).u8(sessions).u8(firstTrackOfLastSession).u8(lastTrack);
        data.u8(UNRESTRICTED).zeros(34 - data.length() - 1);
        data.set16(0, data.length() - 2);
        task.answer(data, cdb.u16(7));
    }
}
