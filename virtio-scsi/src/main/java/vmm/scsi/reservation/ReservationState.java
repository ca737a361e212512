package vmm.scsi.reservation;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import vmm.scsi.NexusId;
import vmm.scsi.ReservationClass;

/**
 * All that a logical unit knows of reservations at one moment. A value.
 *
 * @param version counts changes of any kind, for those who look whether there was one
 * @param generation PRGENERATION (SPC-5), 32 bits
 * @param persistent true if registrations and reservation outlive a power loss (APTPL)
 * @param registrations in the order in which they came, one at most for each nexus
 * @param type what the persistent reservation is, or null if there is none
 * @param holder whose it is; null if there is none or if all registrants hold it
 * @param reserver who has reserved the logical unit by RESERVE (SPC-2), or null
 * @param owner tells apart the virtual machines of which {@code reserver} is one's; 0 without one
 * @param notices what nexuses were told lately, or will be, in ascending order of versions
 */
public record ReservationState(
        long version,
        int generation,
        boolean persistent,
        List<Registration> registrations,
        @Nullable ReservationType type,
        @Nullable NexusId holder,
        @Nullable NexusId reserver,
        long owner,
        List<Notice> notices) {
    /** The most registrations that a logical unit keeps. */
    public static final int MAX_REGISTRATIONS = 512;

    /** The most notices that are kept: those of all registrants, and of as many that were registered. */
    public static final int MAX_NOTICES = 2 * 3 * MAX_REGISTRATIONS;

    /** Nobody is registered, nothing is reserved. */
    public static final ReservationState NONE =
            new ReservationState(0, 0, false, List.of(), null, null, null, 0, List.of());

    /** Keeps unmodifiable copies of the lists. */
    public ReservationState {
        registrations = List.copyOf(registrations);
        notices = List.copyOf(notices);
    }

    /** What a power loss leaves (SPC-5, preserving persistent reservations and registrations), {@code version} kept. */
    public ReservationState afterPowerLoss() {
        return persistent
                ? new ReservationState(version, 0, true, registrations, type, holder, null, 0, List.of())
                : new ReservationState(version, 0, false, List.of(), null, null, null, 0, List.of());
    }

    /** The registration of a nexus. */
    public Optional<Registration> registration(NexusId nexus) {
        for (Registration registration : registrations) {
            if (registration.nexus().equals(nexus)) {
                return Optional.of(registration);
            }
        }
        return Optional.empty();
    }

    /** True if a nexus holds the persistent reservation, alone or with others. */
    public boolean isHeldBy(NexusId nexus) {
        ReservationType held = type;
        if (held == null) {
            return false;
        }
        return held.heldByAllRegistrants() ? registration(nexus).isPresent() : nexus.equals(holder);
    }

    /** True if there is a persistent reservation and a nexus may do what its holder may. */
    boolean givesRightsTo(NexusId nexus) {
        ReservationType held = type;
        return held != null && hasRightsOf(held, nexus);
    }

    private boolean hasRightsOf(ReservationType held, NexusId nexus) {
        return held.sharedByRegistrants() ? registration(nexus).isPresent() : isHeldBy(nexus);
    }

    /** True if no nexus but perhaps {@code nexus} has reserved the logical unit by RESERVE. */
    boolean isFreeFor(NexusId nexus) {
        return reserver == null || reserver.equals(nexus);
    }

    /** What a nexus may do: a set of {@link ReservationClass#bit}. */
    int allowed(NexusId nexus) {
        int free = ReservationClass.ALWAYS.bit();
        if (!isFreeFor(nexus)) {
            return free;
        }
        int harmless = free | ReservationClass.HARMLESS.bit();
        // SPC-2: while anybody has reserved the unit the old way, nobody asks for the new one
        int always = reserver == null ? harmless | ReservationClass.PERSISTENT.bit() : harmless;
        ReservationType held = type;
        if (held == null || hasRightsOf(held, nexus)) {
            return always | ReservationClass.READ.bit() | ReservationClass.WRITE.bit();
        }
        return held.exclusiveAccess() ? always : always | ReservationClass.READ.bit();
    }
}
