package vmm.scsi.multimedia;

/** Told what the tray of a drive does. */
@FunctionalInterface
public interface TrayListener {
    /**
     * The tray has moved, because an initiator or somebody at the drive wanted it so. Any thread may call, the loop of
     * an initiator among them; it must not be kept, nor ask the drive.
     *
     * @param open true if it is out now
     */
    void moved(boolean open);
}
