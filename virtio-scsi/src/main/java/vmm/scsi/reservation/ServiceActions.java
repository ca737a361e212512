package vmm.scsi.reservation;

import java.util.Collection;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import vmm.scsi.NexusId;

/**
 * The service actions of PERSISTENT RESERVE OUT (SPC-5), and RESERVE and RELEASE (SPC-2), as functions from one
 * {@link ReservationState} to the next.
 */
public final class ServiceActions {
    private ServiceActions() {}

    /**
     * REGISTER.
     *
     * @param by who asks
     * @param key the RESERVATION KEY that it gives
     * @param newKey the SERVICE ACTION RESERVATION KEY, 0 to end the registration
     * @param along further nexuses to register: through the other ports (ALL_TG_PT), of other initiators (SPEC_I_PT)
     * @param specified SPEC_I_PT
     */
    public static Outcome register(
            ReservationState state,
            NexusId by,
            long key,
            long newKey,
            Collection<NexusId> along,
            boolean specified,
            boolean aptpl) {
        long present = key(state, by);
        if (present != key) {
            return Outcome.Refused.CONFLICT;
        }
        if (present != 0 && specified) {
            // SPC-5, register behaviors: only who comes new brings others along
            return Outcome.Refused.INVALID_CDB;
        }
        if (!specified && along.stream().anyMatch(other -> differs(state, other, key))) {
            return Outcome.Refused.CONFLICT;
        }
        return registerAll(state, by, newKey, along, !specified, aptpl);
    }

    private static boolean differs(ReservationState state, NexusId nexus, long key) {
        long present = key(state, nexus);
        return present != 0 && present != key;
    }

    /** REGISTER AND IGNORE EXISTING KEY; the parameters as those of {@link #register}. */
    public static Outcome registerAndIgnore(
            ReservationState state, NexusId by, long newKey, Collection<NexusId> along, boolean aptpl) {
        return registerAll(state, by, newKey, along, true, aptpl);
    }

    private static Outcome registerAll(
            ReservationState state,
            NexusId by,
            long newKey,
            Collection<NexusId> along,
            boolean replace,
            boolean aptpl) {
        if (newKey == 0) {
            if (key(state, by) == 0) {
                return unchanged(state);
            }
            Draft draft = new Draft(state).unregister(by);
            along.forEach(draft::unregister);
            return draft.generated().persistent(aptpl).done();
        }
        Draft draft = new Draft(state).register(by, newKey);
        for (NexusId other : along) {
            if (replace || key(state, other) == 0) {
                draft.register(other, newKey);
            }
        }
        return draft.generated().persistent(aptpl).done();
    }

    /**
     * RESERVE.
     *
     * @param type null if the TYPE field has no meaning
     */
    public static Outcome reserve(ReservationState state, NexusId by, long key, @Nullable ReservationType type) {
        if (!isRegistered(state, by, key)) {
            return Outcome.Refused.CONFLICT;
        }
        if (type == null) {
            return Outcome.Refused.INVALID_CDB;
        }
        if (state.type() == null) {
            return new Draft(state).reserve(type, by).done();
        }
        return state.isHeldBy(by) && state.type() == type ? unchanged(state) : Outcome.Refused.CONFLICT;
    }

    /** RELEASE. */
    public static Outcome release(ReservationState state, NexusId by, long key, @Nullable ReservationType type) {
        if (!isRegistered(state, by, key)) {
            return Outcome.Refused.CONFLICT;
        }
        if (!state.isHeldBy(by)) {
            return unchanged(state);
        }
        if (state.type() != type) {
            return Outcome.Refused.INVALID_RELEASE;
        }
        return new Draft(state).release(by).done();
    }

    /** CLEAR. */
    public static Outcome clear(ReservationState state, NexusId by, long key) {
        if (!isRegistered(state, by, key)) {
            return Outcome.Refused.CONFLICT;
        }
        return new Draft(state)
                .tellRegistrants(by, ReservationEvent.RESERVATIONS_PREEMPTED)
                .clear()
                .generated()
                .done();
    }

    /**
     * PREEMPT, and what PREEMPT AND ABORT does before it aborts.
     *
     * @param victim the SERVICE ACTION RESERVATION KEY: whose registration is to go
     * @param type of the reservation that replaces the preempted one; null if the TYPE field has no meaning
     */
    public static Outcome preempt(
            ReservationState state, NexusId by, long key, long victim, @Nullable ReservationType type) {
        if (!isRegistered(state, by, key)) {
            return Outcome.Refused.CONFLICT;
        }
        ReservationType held = state.type();
        boolean shared = held != null && held.heldByAllRegistrants();
        if (victim == 0 && !shared) {
            return Outcome.Refused.INVALID_PARAMETER;
        }
        if (victim != 0 && state.registrations().stream().noneMatch(known -> known.key() == victim)) {
            return Outcome.Refused.CONFLICT;
        }
        NexusId holder = state.holder();
        boolean takesOver = shared ? victim == 0 : holder != null && key(state, holder) == victim;
        if (!takesOver) {
            return new Draft(state)
                    .preempt(by, known -> known.key() == victim)
                    .generated()
                    .done();
        }
        if (type == null) {
            return Outcome.Refused.INVALID_CDB;
        }
        Draft draft = new Draft(state)
                .reserve(type, by)
                .preempt(by, known -> !known.nexus().equals(by) && (victim == 0 || known.key() == victim));
        if (held != type) {
            draft.tellRegistrants(by, ReservationEvent.RESERVATIONS_RELEASED);
        }
        return draft.generated().done();
    }

    /**
     * REGISTER AND MOVE.
     *
     * @param to who shall hold the reservation
     * @param newKey the SERVICE ACTION RESERVATION KEY, under which {@code to} is registered
     * @param unregister UNREG: {@code by} shall not be registered any more
     */
    public static Outcome registerAndMove(
            ReservationState state, NexusId by, long key, long newKey, NexusId to, boolean unregister, boolean aptpl) {
        if (!isRegistered(state, by, key)) {
            return Outcome.Refused.CONFLICT;
        }
        ReservationType held = state.type();
        if (held == null) {
            return Outcome.Refused.INVALID_CDB;
        }
        if (!state.isHeldBy(by) || held.heldByAllRegistrants()) {
            return Outcome.Refused.CONFLICT;
        }
        if (newKey == 0 || to.equals(by)) {
            return Outcome.Refused.INVALID_PARAMETER;
        }
        Draft draft = new Draft(state).register(to, newKey).reserve(held, to);
        if (unregister) {
            draft.unregister(by);
        }
        return draft.generated().persistent(aptpl).done();
    }

    /**
     * RESERVE (6) and (10) (SPC-2, with the exceptions of SPC-5: a persistent reservation of one's own is enough).
     *
     * @param owner tells the virtual machine of {@code by} from others
     */
    public static Outcome reserveUnit(ReservationState state, NexusId by, long owner) {
        // SPC-5, exceptions to SPC-2 RESERVE and RELEASE
        if (state.givesRightsTo(by)) {
            return unchanged(state);
        }
        NexusId reserver = state.reserver();
        if (!state.registrations().isEmpty() || !state.isFreeFor(by)) {
            return Outcome.Refused.CONFLICT;
        }
        return reserver != null
                ? unchanged(state)
                : new Draft(state).reserver(by, owner).done();
    }

    /** RELEASE (6) and (10) (SPC-2, with the same exceptions). */
    public static Outcome releaseUnit(ReservationState state, NexusId by) {
        // SPC-5, exceptions to SPC-2 RESERVE and RELEASE
        if (state.givesRightsTo(by)) {
            return unchanged(state);
        }
        if (!state.registrations().isEmpty()) {
            return Outcome.Refused.CONFLICT;
        }
        // SPC-2: who has reserved nothing releases nothing, and that is no error
        return by.equals(state.reserver()) ? freeUnit(state) : unchanged(state);
    }

    /** Ends a reservation by RESERVE, as a reset does. */
    public static Outcome freeUnit(ReservationState state) {
        return state.reserver() == null
                ? unchanged(state)
                : new Draft(state).reserver(null, 0).done();
    }

    private static boolean isRegistered(ReservationState state, NexusId nexus, long key) {
        return key != 0 && key(state, nexus) == key;
    }

    /** The key of a nexus, 0 if it is not registered. */
    private static long key(ReservationState state, NexusId nexus) {
        return state.registration(nexus).map(Registration::key).orElse(0L);
    }

    private static Outcome unchanged(ReservationState state) {
        return new Outcome.Done(state, Set.of());
    }
}
