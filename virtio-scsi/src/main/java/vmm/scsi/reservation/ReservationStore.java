package vmm.scsi.reservation;

import java.io.IOException;

/**
 * Where the state of a logical unit's reservations is kept; by default nowhere, for nobody else. Any thread may call
 * {@link #isCurrent} and {@link #hasEnded}; {@link Reservations} calls the rest one at a time.
 */
interface ReservationStore {
    /** True if a state that is {@link ReservationState#persistent} outlives a power loss. */
    default boolean isPersistent() {
        return false;
    }

    /** False if another virtual machine has changed the state since. Called for every command. */
    default boolean isCurrent(ReservationState known) {
        return true;
    }

    /** The state that is kept now; {@code known} if nobody else can have changed it. */
    default ReservationState load(ReservationState known) throws IOException {
        return known;
    }

    /**
     * Keeps others from changing the state, until {@link #unlock}.
     *
     * @return false if another virtual machine has kept it too long
     */
    default boolean lock() throws IOException {
        return true;
    }

    /** Ends what {@link #lock} began. */
    default void unlock() {}

    /** Keeps a new state in place of {@code old}. */
    default void save(ReservationState old, ReservationState fresh) throws IOException {}

    /** The name of this virtual machine among those that share the logical unit. */
    default long owner() {
        return 0;
    }

    /** True if a virtual machine that shared the logical unit does so no more. */
    default boolean hasEnded(long owner) {
        return false;
    }

    /** Shares the logical unit no more. */
    default void close() {}
}
