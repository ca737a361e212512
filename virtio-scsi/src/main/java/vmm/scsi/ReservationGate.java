package vmm.scsi;

/** What the reservations of a logical unit mean for one nexus. Belongs to the nexus's loop thread. */
public interface ReservationGate {
    /** Nobody can reserve anything. */
    ReservationGate OPEN = new ReservationGate() {
        @Override
        public void refresh() {
            // Nothing ever changes.
        }

        @Override
        public boolean conflicts(ReservationClass needs) {
            return false;
        }
    };

    /**
     * Learns what others have changed since the last call, and raises the unit attentions that come with it. Called
     * before every command, READ and WRITE included, so it is short and allocates nothing while nothing changes.
     */
    void refresh();

    /** True if a command must end with RESERVATION CONFLICT, as of the last {@link #refresh}. */
    boolean conflicts(ReservationClass needs);
}
