package vmm.scsi.multimedia;

import vmm.scsi.Cdb;
import vmm.scsi.Command;
import vmm.scsi.ParameterData;
import vmm.scsi.ScsiTask;

/**
 * GET EVENT STATUS NOTIFICATION (MMC-6 6.7), polled: what has become of the disc since the last question, and whether
 * somebody has pressed the button.
 */
final class GetEventStatusNotification implements Command<DriveNexus> {
    private static final int POLLED = 1;

    private static final int NO_EVENT_AVAILABLE = 1 << 7;
    private static final int EXTERNAL_REQUEST = 3;
    private static final int MEDIA = 4;
    private static final int SUPPORTED_CLASSES = 1 << EXTERNAL_REQUEST | 1 << MEDIA;

    private static final int DRIVE_KEY_DOWN = 1;
    private static final int READY = 0;
    private static final int NO_REQUEST = 0;

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
        // Who has no room for an event has not been told of it.
        boolean tells = room > HEADER;
        boolean media = cdb.has(4, 1 << MEDIA);
        ParameterData data = new ParameterData().u16(0);
        if (cdb.has(4, 1 << EXTERNAL_REQUEST) && (nexus.isKeyDown() || !media)) {
            // The class of the lowest number that has an event comes first.
            boolean down = tells && nexus.takeKeyDown();
            data.u8(EXTERNAL_REQUEST).u8(SUPPORTED_CLASSES);
            data.u8(down ? DRIVE_KEY_DOWN : 0).u8(READY).u16(NO_REQUEST);
        } else if (media) {
            MediaEvent event = tells ? nexus.takeEvent() : MediaEvent.NO_CHANGE;
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
