package vmm.scsi.reservation;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.linux.HostException;
import vmm.scsi.NameHash;
import vmm.scsi.NexusId;

/**
 * The reservations of one logical unit. Any thread may call; a change waits for the one before it, and if it has to be
 * stored, for the disk.
 *
 * <p>Lives as long as the power supply of the logical unit does, so longer than any guest that uses it: what a reset of
 * the machine leaves, is left here.
 */
public final class Reservations {
    /** Turns one state into the next. */
    @FunctionalInterface
    public interface Action {
        /** What comes of it, if {@code state} is what there is. */
        Outcome on(ReservationState state);
    }

    private static final Logger log = LoggerFactory.getLogger(Reservations.class);

    private final ReservationStore store;
    private volatile ReservationState state;
    private boolean complained;

    private Reservations(ReservationStore store, ReservationState state) {
        this.store = store;
        this.state = state;
    }

    /** Reservations that are kept in memory. */
    public static Reservations inMemory() {
        return new Reservations(new ReservationStore() {}, ReservationState.NONE);
    }

    /**
     * Reservations that can be kept in a file, for a logical unit that no other virtual machine uses.
     *
     * @param file need not exist; made when it is needed
     * @throws HostException if the file is there and cannot be understood
     */
    public static Reservations inFile(Path file) {
        StateFile kept = new StateFile(file);
        return new Reservations(new PrivateStore(kept), kept.open().afterPowerLoss());
    }

    /**
     * Reservations of a logical unit that several virtual machines of this host use. {@link #close} when this one does
     * so no more.
     *
     * @param file made if it does not exist, as is another one beside it whose name ends in {@code .lock}
     * @param name of this virtual machine: of all that share the unit, no other has it
     * @throws HostException if the files cannot be used, or another virtual machine has that name
     */
    public static Reservations shared(Path file, String name) {
        Path meeting = file.resolveSibling(file.getFileName() + ".lock");
        // 62 bits, for it becomes the offset of a lock
        SharedStore store = new SharedStore(new StateFile(file), meeting, NameHash.of(name) >>> 2);
        try {
            return new Reservations(store, store.open());
        } catch (HostException e) {
            store.close();
            throw e;
        }
    }

    /** True if registrations can outlive a power loss. */
    public boolean isPersistent() {
        return store.isPersistent();
    }

    /** What is reserved and registered now. Makes no system call unless another virtual machine has changed it. */
    public ReservationState state() {
        ReservationState known = state;
        return store.isCurrent(known) ? known : reload();
    }

    private synchronized ReservationState reload() {
        if (!store.isCurrent(state)) {
            try {
                state = store.load(state);
            } catch (IOException e) {
                complain(e);
            }
        }
        return state;
    }

    private void complain(IOException e) {
        if (!complained) {
            complained = true;
            log.warn("What other virtual machines reserve cannot be read: {}.", e.getMessage());
        }
    }

    /**
     * Changes what is reserved, as one step that nobody else sees half of.
     *
     * @return what {@code action} said, or why its state could not be kept
     */
    public synchronized Outcome change(Action action) {
        try {
            if (!store.lock()) {
                return Outcome.Refused.BUSY;
            }
            try {
                return changeLocked(action);
            } finally {
                store.unlock();
            }
        } catch (IOException e) {
            log.warn("Reservations cannot be stored, so the guest's command fails: {}.", e.getMessage());
            return Outcome.Refused.NOT_STORED;
        }
    }

    private Outcome changeLocked(Action action) throws IOException {
        ReservationState present = store.load(state);
        state = present;
        Outcome outcome = action.on(withoutTheDead(present));
        if (outcome instanceof Outcome.Done(ReservationState next, Set<NexusId> preempted)
                && next.version() != present.version()) {
            store.save(present, next);
            state = next;
        }
        return outcome;
    }

    /** SPC-2: a reservation by RESERVE ends with its nexus, and so with the virtual machine whose nexus it is. */
    private ReservationState withoutTheDead(ReservationState present) {
        return present.reserver() != null
                        && store.hasEnded(present.owner())
                        && ServiceActions.freeUnit(present)
                                instanceof Outcome.Done(ReservationState freed, Set<NexusId> none)
                ? freed
                : present;
    }

    /** RESERVE (SPC-2). */
    public Outcome reserveUnit(NexusId by) {
        return change(present -> ServiceActions.reserveUnit(present, by, store.owner()));
    }

    /** RELEASE (SPC-2). */
    public Outcome releaseUnit(NexusId by) {
        return change(present -> ServiceActions.releaseUnit(present, by));
    }

    /** A reset: ends what RESERVE reserved (SPC-2), and no persistent reservation. */
    public void freeUnit() {
        if (state().reserver() != null) {
            Outcome ignored = change(ServiceActions::freeUnit);
        }
    }

    /** The loss of a nexus: ends what it has reserved by RESERVE (SPC-2), and no persistent reservation. */
    public void lost(NexusId nexus) {
        if (nexus.equals(state().reserver())) {
            Outcome ignored = change(present -> nexus.equals(present.reserver())
                    ? ServiceActions.freeUnit(present)
                    : new Outcome.Done(present, Set.of()));
        }
    }

    /**
     * True if what a nexus wants conflicts only with a RESERVE whose virtual machine has ended; then it does no more.
     */
    boolean forgetTheDead() {
        ReservationState present = state();
        if (present.reserver() == null || !store.hasEnded(present.owner())) {
            return false;
        }
        Outcome outcome = change(now -> new Outcome.Done(now, Set.of()));
        return outcome instanceof Outcome.Done(ReservationState now, Set<NexusId> none) && now.reserver() == null;
    }

    /** Leaves those who share the logical unit. No other method may be called afterwards. */
    public void close() {
        store.close();
    }
}
