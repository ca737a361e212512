package vmm.scsi.multimedia;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockDevice;
import vmm.scsi.CommandTable;
import vmm.scsi.DeviceServer;
import vmm.scsi.ItNexus;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;
import vmm.scsi.primary.PrimaryNexus;

/** What a drive keeps for one initiator: the last thing that it has not been told, and the disc of its last command. */
final class DriveNexus extends PrimaryNexus {
    private static final DeviceServer<DriveNexus> SERVER = new DeviceServer<>(DriveCommands.TABLE);

    private final CdRomDrive drive;
    private final AtomicReference<MediaEvent> event = new AtomicReference<>(MediaEvent.NO_CHANGE);
    private final AtomicBoolean keyDown = new AtomicBoolean();
    private @Nullable Disc disc;

    DriveNexus(ItNexus initiator, CdRomDrive drive) {
        super(initiator, drive);
        this.drive = drive;
    }

    @Override
    public CdRomDrive unit() {
        return drive;
    }

    /** Something has happened that this initiator may ask about. Any thread may call. */
    void happened(MediaEvent newEvent) {
        if (newEvent == MediaEvent.EJECT_REQUEST) {
            keyDown.set(true);
        }
        event.set(newEvent);
    }

    /** True if somebody has asked for the disc since the last {@link #takeKeyDown}. */
    boolean isKeyDown() {
        return keyDown.get();
    }

    /** True if somebody has asked for the disc since the last call. */
    boolean takeKeyDown() {
        return keyDown.getAndSet(false);
    }

    /** What has happened since the last call. */
    MediaEvent takeEvent() {
        return event.getAndSet(MediaEvent.NO_CHANGE);
    }

    /** The disc that was in the drive when the running command was found ready. */
    Disc disc() {
        Disc present = disc;
        if (present == null) {
            throw new IllegalStateException("The command did not ask whether there is a disc.");
        }
        return present;
    }

    @Override
    protected BlockDevice medium() {
        return disc().medium();
    }

    @Override
    protected CommandTable<?> commands() {
        return DriveCommands.TABLE;
    }

    @Override
    protected void execute(ScsiTask task) {
        SERVER.execute(this, task);
    }

    @Override
    public @Nullable SenseCode notReady() {
        CdRomDrive.Tray tray = drive.tray();
        disc = tray.disc();
        if (disc != null) {
            return null;
        }
        return tray.open() ? SenseCode.MEDIUM_NOT_PRESENT_TRAY_OPEN : SenseCode.MEDIUM_NOT_PRESENT_TRAY_CLOSED;
    }
}
