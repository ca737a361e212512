package vmm.scsi;

/**
 * A command that asks the medium, and goes on when it has answered.
 *
 * @param <N> the kind of logical unit, by what it keeps for an initiator
 */
public interface MediumCommand<N extends MediumNexus> extends Command<N> {
    /**
     * The medium has done what was asked; {@link MediumWork#phase} says what that was.
     *
     * @param nexus the one whose medium was asked
     * @param errno 0 or a positive error number
     */
    void mediumEnded(N nexus, ScsiTask task, int errno);
}
