package vmm.scsi;

/**
 * A transport that can tell its initiator what has happened at a logical unit before it sends a command that meets it.
 * Any thread calls, and must not be kept.
 */
public interface AttentionListener {
    /** Nobody who wants to know. */
    AttentionListener NONE = new AttentionListener() {
        @Override
        public void raised(int lun, UnitAttention attention) {
            // Told by a command.
        }

        @Override
        public void askedForMedium(int lun) {
            // Told by GET EVENT STATUS NOTIFICATION.
        }
    };

    /** A unit attention condition has been established for the nexus and this logical unit. */
    void raised(int lun, UnitAttention attention);

    /** Somebody at this logical unit wants its medium, which an initiator keeps in it (MMC-6, PREVENT). */
    void askedForMedium(int lun);
}
