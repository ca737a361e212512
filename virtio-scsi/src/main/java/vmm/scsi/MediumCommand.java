package vmm.scsi;

/** A command that asks the medium, and goes on when it has answered. */
interface MediumCommand extends Command<DiskNexus> {
    /**
     * The medium has done what was asked; {@link ScsiTask#phase} says what that was.
     *
     * @param errno 0 or a positive error number
     */
    void mediumEnded(DiskNexus disk, ScsiTask task, int errno);

    @Override
    default boolean needsMedium() {
        return true;
    }
}
