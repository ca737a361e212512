package vmm.scsi.multimedia;

import vmm.scsi.Cdb;
import vmm.scsi.Command;
import vmm.scsi.ParameterData;
import vmm.scsi.ScsiTask;

/** GET EVENT STATUS NOTIFICATION (MMC-6 6.7), polled: what has become of the disc since the last question. */
final class GetEventStatusNotification implements Command<DriveNexus> {
    private static final int POLLED = 1;

    private static final int NO_EVENT_AVAILABLE = 1 << 7;
    private static final int MEDIA = 4;
    private static final int SUPPORTED_CLASSES = 1 << MEDIA;

    private static final int TRAY_OPEN = 1;
    private static final int MEDIA_PRESENT = 1 << 1;

    private static final int HEADER = 4;

    @Override
    public void execute(DriveNexus nexus, ScsiTask task) {
        Cdb cdb = task.cdb();
        if (!cdb.has(1, POLLED)) {
            // Without IMMED the command would wait for an event, which few drives can and we cannot.
            task.invalidField(1, 0);
            return;
        }
        int room = cdb.u16(7);
        ParameterData data = new ParameterData().u16(0);
        if (cdb.has(4, SUPPORTED_CLASSES)) {
            // MMC-6: who has no room for the event has not been told of it.
            MediaEvent event = room > HEADER ? nexus.takeEvent() : MediaEvent.NO_CHANGE;
            data.u8(MEDIA).u8(SUPPORTED_CLASSES);
            data.u8(event.code()).u8(status(nexus.unit().tray())).u8(0).u8(0);
        } else {
            data.u8(NO_EVENT_AVAILABLE).u8(SUPPORTED_CLASSES);
        }
        data.set16(0, data.length() - 2);
        task.answer(data, room);
    }

    private static int status(CdRomDrive.Tray tray) {
        return (tray.open() ? TRAY_OPEN : 0) | (tray.disc() != null ? MEDIA_PRESENT : 0);
    }
}
