package vmm.scsi.reservation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import vmm.scsi.NexusId;

/** A {@link ReservationState} in the making. One change, one draft. */
final class Draft {
    private final ReservationState from;
    private final long version;
    private final List<Registration> registrations;
    private final List<Notice> notices = new ArrayList<>();
    private final Set<NexusId> preempted = new LinkedHashSet<>();
    private int generation;
    private boolean persistent;
    private @Nullable ReservationType type;
    private @Nullable NexusId holder;
    private @Nullable NexusId reserver;
    private long owner;

    Draft(ReservationState from) {
        this.from = from;
        version = from.version() + 1;
        registrations = new ArrayList<>(from.registrations());
        generation = from.generation();
        persistent = from.persistent();
        type = from.type();
        holder = from.holder();
        reserver = from.reserver();
        owner = from.owner();
    }

    /** One of the service actions that count in PRGENERATION was done. */
    Draft generated() {
        generation++;
        return this;
    }

    Draft persistent(boolean aptpl) {
        persistent = aptpl;
        return this;
    }

    /** Registers a nexus, or gives it another key. */
    Draft register(NexusId nexus, long key) {
        Registration fresh = new Registration(nexus, key);
        for (int i = 0; i < registrations.size(); i++) {
            if (registrations.get(i).nexus().equals(nexus)) {
                registrations.set(i, fresh);
                return this;
            }
        }
        registrations.add(fresh);
        return this;
    }

    /** Ends a registration at the wish of its nexus, and with it what it held (SPC-5, unregistering). */
    Draft unregister(NexusId nexus) {
        boolean held = nexus.equals(holder);
        registrations.removeIf(registration -> registration.nexus().equals(nexus));
        if (held) {
            release(nexus);
        }
        return releaseIfDeserted();
    }

    /** Without registrants there is nobody to share a reservation of all registrants. */
    private Draft releaseIfDeserted() {
        ReservationType held = type;
        if (held != null && held.heldByAllRegistrants() && registrations.isEmpty()) {
            clearReservation();
        }
        return this;
    }

    /** Ends the reservation, and tells those who shared its rights. */
    Draft release(NexusId by) {
        ReservationType held = type;
        if (held != null && held.sharedByRegistrants()) {
            tellRegistrants(by, ReservationEvent.RESERVATIONS_RELEASED);
        }
        clearReservation();
        return this;
    }

    void clearReservation() {
        type = null;
        holder = null;
    }

    Draft reserve(ReservationType newType, NexusId by) {
        type = newType;
        holder = newType.heldByAllRegistrants() ? null : by;
        return this;
    }

    /** Takes registrations away from their nexuses and tells all but {@code by}. */
    Draft preempt(NexusId by, Predicate<Registration> victims) {
        for (Registration registration : List.copyOf(registrations)) {
            if (victims.test(registration)) {
                registrations.remove(registration);
                if (!registration.nexus().equals(by)) {
                    preempted.add(registration.nexus());
                    tell(registration.nexus(), ReservationEvent.REGISTRATIONS_PREEMPTED);
                }
            }
        }
        return releaseIfDeserted();
    }

    Draft clear() {
        registrations.clear();
        clearReservation();
        return this;
    }

    /** Tells all registrants but {@code by}. */
    Draft tellRegistrants(NexusId by, ReservationEvent event) {
        for (Registration registration : registrations) {
            if (!registration.nexus().equals(by)) {
                tell(registration.nexus(), event);
            }
        }
        return this;
    }

    private void tell(NexusId nexus, ReservationEvent event) {
        notices.add(new Notice(version, nexus, event));
    }

    /** Sets who has reserved the unit by RESERVE, null for nobody. */
    Draft reserver(@Nullable NexusId nexus, long newOwner) {
        reserver = nexus;
        owner = newOwner;
        return this;
    }

    boolean tooMany() {
        return registrations.size() > ReservationState.MAX_REGISTRATIONS;
    }

    Outcome done() {
        if (tooMany()) {
            return Outcome.Refused.NO_ROOM;
        }
        ReservationState state = new ReservationState(
                version, generation, persistent, registrations, type, holder, reserver, owner, allNotices());
        return new Outcome.Done(state, preempted);
    }

    /** The old ones and the new, of each nexus and event only the latest: who was told twice has been told. */
    private List<Notice> allNotices() {
        if (notices.isEmpty()) {
            return from.notices();
        }
        List<Notice> all = new ArrayList<>(from.notices());
        all.addAll(notices);
        Map<Object, Notice> latest = new HashMap<>();
        all.forEach(notice -> latest.put(new Addressee(notice.nexus(), notice.event()), notice));
        all.removeIf(notice -> !notice.equals(latest.get(new Addressee(notice.nexus(), notice.event()))));
        int excess = all.size() - ReservationState.MAX_NOTICES;
        return excess > 0 ? all.subList(excess, all.size()) : all;
    }

    private record Addressee(NexusId nexus, ReservationEvent event) {}
}
