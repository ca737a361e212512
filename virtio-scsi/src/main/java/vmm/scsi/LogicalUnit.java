package vmm.scsi;

import java.util.Arrays;

/**
 * A logical unit (SAM-5): something behind a target that commands can be sent to.
 *
 * <p>May be reached through several targets by several initiators on several loops at once. What it keeps for one of
 * them is in an {@link ItlNexus}; what it shares among them, it guards itself. Any thread may call the public methods.
 */
public abstract class LogicalUnit {
    private static final ItlNexus[] NONE = {};

    private volatile ItlNexus[] nexuses = NONE;

    /** A logical unit that nobody has talked to. */
    protected LogicalUnit() {}

    /** The peripheral device type (SPC-5 6.7.2): 0 for a direct access block device. */
    public abstract int deviceType();

    /** True if the medium can be taken out. */
    public abstract boolean removable();

    /** What it says of itself. */
    public abstract DiskIdentity identity();

    /** The version descriptors of its standard INQUIRY data (SPC-5 6.7.2), eight at most. */
    public abstract int[] versionDescriptors();

    /** The state of this unit for a new initiator. Called on the loop of {@code initiator}. */
    protected abstract ItlNexus open(ItNexus initiator);

    /** Back to the state that a reset leaves (SAM-5), without the unit attention condition. */
    protected abstract void restore();

    /** Who decides whether the reservations of this unit allow a command. */
    public ReservationGate reservations() {
        return ReservationGate.OPEN;
    }

    /** Opens the nexus with {@code initiator} and remembers it. Loop thread of {@code initiator}. */
    final ItlNexus connect(ItNexus initiator) {
        ItlNexus nexus = open(initiator);
        synchronized (this) {
            ItlNexus[] more = Arrays.copyOf(nexuses, nexuses.length + 1);
            more[nexuses.length] = nexus;
            nexuses = more;
        }
        return nexus;
    }

    /** Establishes a unit attention condition for every initiator that has talked to this unit. */
    public final void raise(UnitAttention attention) {
        for (ItlNexus nexus : nexuses) {
            nexus.raise(attention);
        }
    }

    /** As {@link #raise}, but only for initiators that come by way of {@code target}. */
    @SuppressWarnings("ReferenceEquality") // A target is a thing, not a value.
    final void raise(UnitAttention attention, ScsiTarget target) {
        for (ItlNexus nexus : nexuses) {
            if (nexus.initiator().target() == target) {
                nexus.raise(attention);
            }
        }
    }

    /** A logical unit reset (SAM-5). What becomes of commands in flight is up to who owns them. */
    public final void reset() {
        restore();
        raise(UnitAttention.LOGICAL_UNIT_RESET);
    }

    /** What it has done, for all initiators together. */
    public final LogicalUnitCounters counters() {
        LogicalUnitCounters sum = LogicalUnitCounters.ZERO;
        for (ItlNexus nexus : nexuses) {
            sum = sum.plus(nexus.counters());
        }
        return sum;
    }
}
