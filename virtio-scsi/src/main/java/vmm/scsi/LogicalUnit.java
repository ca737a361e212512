package vmm.scsi;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A logical unit (SAM-5): something behind a target that commands can be sent to.
 *
 * <p>May be reached through several targets by several initiators on several loops at once. What it keeps for one of
 * them is in an {@link ItlNexus}; what it shares among them, it guards itself. Any thread may call the public methods.
 */
public abstract class LogicalUnit {
    private static final ItlNexus[] NONE = {};

    private static final int[] NO_PORTS = {};

    private static final int DEFAULT_TASK_SET_LIMIT = 1024;

    private volatile ItlNexus[] nexuses = NONE;
    private volatile @Nullable FaultInjection faults;
    private volatile int taskSetLimit = DEFAULT_TASK_SET_LIMIT;
    private volatile int[] targetPorts = NO_PORTS;

    /** A logical unit that nobody has talked to. */
    protected LogicalUnit() {}

    /** The peripheral device type (SPC-5 6.7.2): 0 for a direct access block device. */
    public abstract int deviceType();

    /** True if the medium can be taken out. */
    public abstract boolean removable();

    /** What it says of itself. */
    public abstract DiskIdentity identity();

    /** The standards that its commands come from. */
    public abstract Set<Standard> standards();

    /** Of which type the protection information of its blocks is (SBC-4 4.21.2); 0 if there is none. */
    public int protectionType() {
        return 0;
    }

    /**
     * True if its Device Identification page has such a designator of it (SPC-5).
     *
     * @param type DESIGNATOR TYPE
     */
    public boolean isNamed(int type, byte[] designator) {
        return false;
    }

    /** True if it has a copy manager (SPC-5, 3PC of the standard INQUIRY data). */
    public boolean copies() {
        return false;
    }

    /** The state of this unit for a new initiator. Called on the loop of {@code initiator}. */
    protected abstract ItlNexus open(ItNexus initiator);

    /** Back to the state that a reset leaves (SAM-5), without the unit attention condition. */
    protected abstract void restore();

    /** TAS of the control mode page (SPC-5): commands that another nexus aborts end with TASK ABORTED status. */
    public boolean taskAbortedStatus() {
        return false;
    }

    /** D_SENSE of the control mode page (SPC-5): sense data have descriptor format. */
    public boolean descriptorSense() {
        return false;
    }

    /** How many commands each nexus may have here at once; more end with TASK SET FULL. */
    public final int taskSetLimit() {
        return taskSetLimit;
    }

    /**
     * Sets how many commands each nexus may have here at once.
     *
     * @param commands at least 1
     */
    public final void limitTaskSets(int commands) {
        if (commands < 1) {
            throw new IllegalArgumentException("A task set has room for a command at least, not for " + commands + ".");
        }
        taskSetLimit = commands;
    }

    /** Lets things go wrong from now on, or right again with null. */
    public final void inject(@Nullable FaultInjection newFaults) {
        faults = newFaults;
    }

    /** What goes wrong on purpose, or null. */
    public final @Nullable FaultInjection faults() {
        return faults;
    }

    /** An initiator's way to this unit was lost (SAM-5, I_T nexus loss). On the loop of {@code nexus}. */
    protected void nexusLost(ItlNexus nexus) {
        // Most keep nothing for a nexus beside the nexus.
    }

    /** True if an initiator has talked to this unit. */
    final boolean isKnown() {
        return nexuses.length > 0;
    }

    /** Lets {@code visitor} see every nexus there is at this moment. */
    public final void forEachNexus(Consumer<? super ItlNexus> visitor) {
        for (ItlNexus nexus : nexuses) {
            visitor.accept(nexus);
        }
    }

    /**
     * Ends the commands of a logical unit that no target has any more, as aborted ones; then all initiators have
     * forgotten it. Any thread may call, once no loop is about to send it another command.
     *
     * @param ended called when the last command has ended, by the thread of some initiator's loop or by this one
     */
    public final void retire(Runnable ended) {
        ItlNexus[] known = nexuses;
        AtomicInteger left = new AtomicInteger(known.length + 1);
        Runnable one = () -> {
            if (left.decrementAndGet() == 0) {
                ended.run();
            }
        };
        for (ItlNexus nexus : known) {
            nexus.runOnLoop(() -> nexus.initiator().forget(nexus, one), one);
        }
        one.run();
    }

    /** Forgets a nexus that is used no more. */
    @SuppressWarnings("ReferenceEquality") // A nexus is a thing, not a value.
    final synchronized void forget(ItlNexus nexus) {
        nexuses = Arrays.stream(nexuses).filter(each -> each != nexus).toArray(ItlNexus[]::new);
    }

    /** Opens the nexus with {@code initiator} and remembers it. Loop thread of {@code initiator}. */
    final ItlNexus connect(ItNexus initiator, int lun) {
        ItlNexus nexus = open(initiator);
        nexus.setLun(lun);
        synchronized (this) {
            ItlNexus[] more = Arrays.copyOf(nexuses, nexuses.length + 1);
            more[nexuses.length] = nexus;
            nexuses = more;
        }
        return nexus;
    }

    /** Remembers target ports that lead here. */
    final synchronized void attachedTo(int[] ports) {
        int[] known = targetPorts;
        if (known.length == 0) {
            targetPorts = ports;
        } else {
            targetPorts = IntStream.concat(IntStream.of(known), IntStream.of(ports))
                    .distinct()
                    .toArray();
        }
    }

    /** The RELATIVE TARGET PORT IDENTIFIERs of the target ports that lead here (SPC-5). */
    public final Set<Integer> targetPorts() {
        return IntStream.of(targetPorts).boxed().collect(Collectors.toUnmodifiableSet());
    }

    /** The names of the nexuses through which there have been commands. */
    public final List<NexusId> nexusIds() {
        return Stream.of(nexuses).map(nexus -> nexus.initiator().id()).toList();
    }

    /** Establishes a unit attention condition for every initiator but one. */
    @SuppressWarnings("ReferenceEquality") // A nexus is a thing, not a value.
    public final void raiseForOthers(ItlNexus one, UnitAttention attention) {
        for (ItlNexus nexus : nexuses) {
            if (nexus != one) {
                nexus.raise(attention);
            }
        }
    }

    /** Establishes a unit attention condition for every initiator that has talked to this unit. */
    public final void raise(UnitAttention attention) {
        for (ItlNexus nexus : nexuses) {
            nexus.raise(attention);
        }
    }

    /**
     * Tells every initiator that somebody at the unit asks for its medium. That is no unit attention condition, for it
     * has changed nothing.
     */
    protected final void askForMedium() {
        for (ItlNexus nexus : nexuses) {
            nexus.askForMedium();
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
