package vmm.scsi.block;

import vmm.scsi.primary.SavedModes;
import vmm.scsi.reservation.Reservations;

/**
 * What a disk remembers when its machine is reset, and perhaps when it is gone.
 *
 * @param reservations what was reserved before, and will be
 * @param modes the saved values of its mode pages
 */
public record NonvolatileState(Reservations reservations, SavedModes modes) {
    /** Reservations in memory, and no saved mode pages: for a disk that nothing is kept of. */
    public static NonvolatileState none() {
        return new NonvolatileState(Reservations.inMemory(), SavedModes.none());
    }
}
