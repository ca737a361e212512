package vmm.scsi.reservation;

import vmm.scsi.ItlNexus;
import vmm.scsi.NexusId;
import vmm.scsi.ReservationClass;
import vmm.scsi.ReservationGate;

/**
 * What the reservations of a logical unit mean for one nexus, worked out anew whenever they change. Asking makes no
 * system call as long as nothing changes.
 */
public final class ReservationView implements ReservationGate {
    private final Reservations reservations;
    private final ItlNexus nexus;
    private ReservationState seen;
    private int allowed;

    /** The view of a nexus. */
    public ReservationView(Reservations reservations, ItlNexus nexus) {
        this.reservations = reservations;
        this.nexus = nexus;
        this.seen = reservations.state();
        this.allowed = seen.allowed(id());
    }

    /** Whose view it is. */
    public NexusId id() {
        return nexus.initiator().id();
    }

    /** What it is a view of. */
    public Reservations reservations() {
        return reservations;
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // Each state is an object of its own.
    public void refresh() {
        ReservationState present = reservations.state();
        if (present != seen) {
            take(present);
        }
    }

    private void take(ReservationState present) {
        NexusId id = id();
        for (Notice notice : present.notices()) {
            if (notice.version() > seen.version() && notice.nexus().equals(id)) {
                nexus.raise(notice.event().attention());
            }
        }
        seen = present;
        allowed = present.allowed(id);
    }

    @Override
    public boolean conflicts(ReservationClass needs) {
        return (allowed & needs.bit()) == 0 && stillConflicts(needs);
    }

    private boolean stillConflicts(ReservationClass needs) {
        if (reservations.forgetTheDead()) {
            refresh();
        }
        return (allowed & needs.bit()) == 0;
    }
}
