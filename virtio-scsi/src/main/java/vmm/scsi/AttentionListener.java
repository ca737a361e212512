package vmm.scsi;

/**
 * A transport that can tell its initiator of unit attention conditions before it sends a command that meets them. Any
 * thread calls, and must not be kept.
 */
@FunctionalInterface
public interface AttentionListener {
    /** Nobody who wants to know. */
    AttentionListener NONE = (lun, attention) -> {};

    /** A condition has been established for the nexus and this logical unit. */
    void raised(int lun, UnitAttention attention);
}
