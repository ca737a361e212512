package vmm.scsi;

/**
 * What a logical unit does for one operation code: a small unit without state, which all logical units of its kind
 * share.
 *
 * @param <N> the kind of logical unit, by what it keeps for an initiator
 */
interface Command<N extends ItlNexus> {
    /** Runs the command, to its end or until the medium is asked. The CDB is as long as the command's is. */
    void execute(N nexus, ScsiTask task);

    /** False for the few that leave pending unit attention conditions alone (SAM-5). */
    default boolean reportsUnitAttention() {
        return true;
    }

    /** True if the command ends with NOT READY while the logical unit is not. */
    default boolean needsMedium() {
        return false;
    }
}
