package vmm.scsi;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
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
    private final NexusId id;
    private final AttentionListener listener;
    private @Nullable ItlNexus reportLuns;
    private @Nullable ItlNexus[] units = new @Nullable ItlNexus[0];

    ItNexus(ScsiTarget target, EventLoop loop, TransportId initiatorPort, AttentionListener listener) {
        this.listener = listener;
        this.target = target;
        this.loop = loop;
        this.id = new NexusId(initiatorPort, target.relativePort());
    }

    /** Who the initiator is, and through which port it comes. */
    public NexusId id() {
        return id;
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
            nexus.tasks().enter(nexus, task);
        }
    }

    private ItlNexus nexus(int lun, LogicalUnit unit) {
        if (lun == LunAddress.REPORT_LUNS) {
            ItlNexus wellKnown = reportLuns;
            if (wellKnown == null) {
                wellKnown = unit.connect(this, lun);
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
        ItlNexus nexus = unit.connect(this, lun);
        units[lun] = nexus;
        return nexus;
    }

    /**
     * Performs a task management function (SAM-5 7). Commands that it aborts end first, by {@link ScsiTask#completed}
     * with a {@link ScsiTask#ending} that is not {@link TaskEnding#ANSWERED}: those that have not begun before this
     * returns, those that the medium works for when it has answered.
     *
     * @param lun the logical unit; without meaning for resets of the nexus or target
     * @param tag the command, for ABORT TASK and QUERY TASK only
     * @param answer called once with the response, on this thread, perhaps before this returns
     */
    public void manage(TaskFunction function, int lun, long tag, Consumer<ServiceResponse> answer) {
        new TaskManager(this).manage(function, lun, tag, answer);
    }

    /**
     * Aborts all commands of this nexus.
     *
     * @param ended called when the last of them has ended, perhaps before this returns
     */
    public void abortAll(TaskEnding ending, Runnable ended) {
        List<ItlNexus> known = known();
        int[] left = {known.size() + 1};
        Runnable one = () -> {
            if (--left[0] == 0) {
                ended.run();
            }
        };
        for (ItlNexus each : known) {
            each.tasks().forgetAca();
            each.abortAll(ending, one);
        }
        one.run();
    }

    /**
     * Ends the nexus (SAM-5, I_T nexus loss): aborts its commands, and all logical units forget it.
     *
     * @param ended called when the last command has ended, perhaps before this returns
     */
    public void close(Runnable ended) {
        lose();
        abortAll(TaskEnding.RESET, ended);
        for (ItlNexus each : known()) {
            each.unit().forget(each);
        }
    }

    /**
     * Aborts the commands of one logical unit, which then knows this initiator no more, nor this initiator the unit.
     *
     * @param gone what the unit keeps for this initiator
     * @param ended called when the last command has ended, perhaps before this returns
     */
    @SuppressWarnings("ReferenceEquality") // A nexus is a thing, not a value.
    void forget(ItlNexus gone, Runnable ended) {
        for (int lun = 0; lun < units.length; lun++) {
            if (units[lun] == gone) {
                units[lun] = null;
            }
        }
        gone.tasks().forgetAca();
        gone.abortAll(TaskEnding.ABORTED, () -> {
            gone.unit().nexusLost(gone);
            gone.unit().forget(gone);
            ended.run();
        });
    }

    /** I_T nexus loss (SAM-5 6.3.4), as far as it is not about commands. */
    void lose() {
        for (ItlNexus each : known()) {
            each.unit().nexusLost(each);
            each.raise(UnitAttention.NEXUS_LOSS);
        }
    }

    /** What {@code unit} keeps for this initiator, or null if it does not know it yet. */
    @Nullable
    ItlNexus known(int lun, LogicalUnit unit) {
        ItlNexus known = lun == LunAddress.REPORT_LUNS ? reportLuns : lun < units.length ? units[lun] : null;
        return known != null && known.isOf(unit) ? known : null;
    }

    private List<ItlNexus> known() {
        List<ItlNexus> known = new ArrayList<>();
        for (ItlNexus each : units) {
            if (each != null) {
                known.add(each);
            }
        }
        if (reportLuns != null) {
            known.add(reportLuns);
        }
        return known;
    }

    /** Runs something on this nexus's loop, or {@code otherwise} here if the loop is closed. Any thread. */
    void runOnLoop(Runnable message, Runnable otherwise) {
        if (loop.inLoop()) {
            message.run();
            return;
        }
        try {
            loop.post(message);
        } catch (IllegalStateException closed) {
            // Nothing of this nexus runs any more.
            otherwise.run();
        }
    }

    /** A condition has been established for this nexus. Any thread. */
    void raised(int lun, UnitAttention attention) {
        listener.raised(lun, attention);
    }

    /** Somebody at a logical unit asks for its medium. Any thread. */
    void askedForMedium(int lun) {
        listener.askedForMedium(lun);
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
