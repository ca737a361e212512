package vmm.scsi;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import vmm.event.EventLoop;

/**
 * One initiator's way to one target (an I_T nexus, SAM-5), on the loop that serves it. Loop thread only.
 *
 * <p>What a logical unit keeps for this initiator is made when the initiator first talks to it.
 */
public final class ItNexus {
    private static final int SMALLEST_TABLE = 8;

    private final ScsiTarget target;
    private final EventLoop loop;
    private @Nullable ItlNexus reportLuns;
    private @Nullable ItlNexus[] units = new @Nullable ItlNexus[0];

    ItNexus(ScsiTarget target, EventLoop loop) {
        this.target = target;
        this.loop = loop;
    }

    /** The target. */
    public ScsiTarget target() {
        return target;
    }

    /** The loop on which commands run and end. */
    public EventLoop loop() {
        return loop;
    }

    /**
     * Runs a command. {@link ScsiTask#completed} tells its end, perhaps before this returns. Allocates nothing for
     * reads and writes, once the logical unit is known.
     *
     * @param lun any number; what belongs to no logical unit is answered as SAM-5 wants it
     */
    public void execute(int lun, ScsiTask task) {
        LogicalUnit unit = target.unit(lun);
        ItlNexus nexus = unit == null ? null : nexus(lun, unit);
        task.start(lun, nexus);
        if (nexus == null) {
            target.common().executeIncorrect(this, lun, task);
        } else {
            nexus.execute(task);
        }
    }

    private ItlNexus nexus(int lun, LogicalUnit unit) {
        if (lun == LunAddress.REPORT_LUNS) {
            ItlNexus wellKnown = reportLuns;
            if (wellKnown == null) {
                wellKnown = unit.connect(this);
                reportLuns = wellKnown;
            }
            return wellKnown;
        }
        ItlNexus known = lun < units.length ? units[lun] : null;
        return known != null && known.isOf(unit) ? known : connect(lun, unit);
    }

    private ItlNexus connect(int lun, LogicalUnit unit) {
        if (lun >= units.length) {
            units = Arrays.copyOf(units, Math.max(SMALLEST_TABLE, Integer.highestOneBit(lun) << 1));
        }
        ItlNexus nexus = unit.connect(this);
        units[lun] = nexus;
        return nexus;
    }

    /** Establishes a unit attention condition in every logical unit that this initiator has talked to. */
    public void raise(UnitAttention attention) {
        for (ItlNexus nexus : units) {
            if (nexus != null) {
                nexus.raise(attention);
            }
        }
    }

    /** A hard reset by way of this nexus (SAM-5): every logical unit back to its first state. */
    public void hardReset() {
        for (ItlNexus nexus : units) {
            if (nexus != null) {
                nexus.unit().restore();
                nexus.unit().raise(UnitAttention.BUS_RESET);
            }
        }
    }
}
