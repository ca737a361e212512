package vmm.scsi.reservation;

import java.util.function.Consumer;

/**
 * What the reservations of a logical unit mean for one nexus. Belongs to the nexus's loop thread. Asking allocates
 * nothing and makes no system call as long as nothing changes.
 */
public final class ReservationView {
    private final Reservations reservations;
    private final NexusId nexus;
    private final Consumer<ReservationEvent> attention;
    private ReservationState seen;
    private int allowed;

    /**
     * The view of a nexus.
     *
     * @param attention is called, by {@link #refresh}, for what the nexus is to be told
     */
    public ReservationView(Reservations reservations, NexusId nexus, Consumer<ReservationEvent> attention) {
        this.reservations = reservations;
        this.nexus = nexus;
        this.attention = attention;
        this.seen = reservations.state();
        this.allowed = seen.allowed(nexus);
    }

    /** Whose view it is. */
    public NexusId nexus() {
        return nexus;
    }

    /** Learns what has changed since the last call. Comes before unit attentions are looked at. */
    @SuppressWarnings("ReferenceEquality") // Each state is an object of its own.
    public void refresh() {
        ReservationState present = reservations.state();
        if (present != seen) {
            take(present);
        }
    }

    private void take(ReservationState present) {
        for (Notice notice : present.notices()) {
            if (notice.version() > seen.version() && notice.nexus().equals(nexus)) {
                attention.accept(notice.event());
            }
        }
        seen = present;
        allowed = present.allowed(nexus);
    }

    /** True if a command must end with RESERVATION CONFLICT, as of the last {@link #refresh}. */
    public boolean conflicts(ReservationRule rule) {
        return (allowed & rule.bit()) == 0 && stillConflicts(rule);
    }

    private boolean stillConflicts(ReservationRule rule) {
        if (reservations.forgetTheDead()) {
            refresh();
        }
        return (allowed & rule.bit()) == 0;
    }
}
