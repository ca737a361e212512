package vmm.scsi.block;

import java.util.HashSet;
import java.util.Set;
import vmm.scsi.ItlNexus;

/**
 * What would move in a real disk: whether it turns, where its medium is, and who holds that fast. Any thread may call.
 */
final class DiskMechanics {
    private volatile PowerCondition power = PowerCondition.ACTIVE;
    private volatile boolean ejected;
    private volatile int stops;
    private volatile int ejections;

    /** Who prevents that the medium moves. Replaced, never changed. */
    private volatile Set<ItlNexus> locks = Set.of();

    /** How ready the disk is to move data. */
    PowerCondition power() {
        return power;
    }

    /** True after START STOP UNIT has stopped the disk (SBC-4 5.31). */
    boolean isStopped() {
        return power == PowerCondition.STOPPED;
    }

    /** True after the medium was ejected, until it is loaded again. */
    boolean isEjected() {
        return ejected;
    }

    /** How often the disk has been stopped. */
    int stops() {
        return stops;
    }

    /** How often the medium has been ejected. */
    int ejections() {
        return ejections;
    }

    synchronized void setPower(PowerCondition condition) {
        if (condition == PowerCondition.STOPPED) {
            stops++;
        }
        power = condition;
    }

    /** The medium is about to be used, which wakes a disk that rests (SBC-4 4.20). */
    void wake() {
        PowerCondition now = power;
        if (now == PowerCondition.IDLE || now == PowerCondition.STANDBY) {
            power = PowerCondition.ACTIVE;
        }
    }

    /** Takes the medium out, as the guest sees it. It is the same that comes back. */
    synchronized void eject() {
        ejected = true;
        ejections++;
    }

    /**
     * Takes the medium in again.
     *
     * @return false if it was not out
     */
    synchronized boolean load() {
        boolean wasOut = ejected;
        ejected = false;
        return wasOut;
    }

    /** True if somebody prevents that the medium moves. */
    boolean isLocked() {
        return !locks.isEmpty();
    }

    /** Prevents or allows that the medium moves, for one initiator. */
    synchronized void lock(ItlNexus nexus, boolean prevent) {
        Set<ItlNexus> next = new HashSet<>(locks);
        if (prevent) {
            next.add(nexus);
        } else {
            next.remove(nexus);
        }
        locks = next;
    }

    /** A logical unit reset: the disk turns, and nothing holds the medium. */
    synchronized void reset() {
        power = PowerCondition.ACTIVE;
        locks = Set.of();
    }
}
