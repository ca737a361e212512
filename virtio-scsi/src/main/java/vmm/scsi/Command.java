package vmm.scsi;

/**
 * What a logical unit does for one operation code: a small unit without state, which all logical units of its kind
 * share. What a device server must know of it beforehand is in its {@link SupportedCommand}.
 *
 * @param <N> the kind of logical unit, by what it keeps for an initiator
 */
@FunctionalInterface
public interface Command<N extends ItlNexus> {
    /** Runs the command, to its end or until the medium is asked. The CDB is as long as the command's is. */
    void execute(N nexus, ScsiTask task);
}
