package vmm.scsi;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** A trace of one command. Costs nothing while no recording asks for it. */
@Name("vmm.ScsiCommand")
@Label("SCSI Command")
@Category({"VMM", "SCSI"})
@Description("A command, from its arrival at the target to its status")
@StackTrace(false)
final class ScsiCommandEvent extends Event {
    @Label("Command")
    @Nullable
    String command;

    @Label("Operation Code")
    int operationCode;

    @Label("LUN")
    int lun;

    @Label("First Logical Block")
    @Description("-1 if the command is about no blocks")
    long lba;

    @Label("Logical Blocks")
    long blocks;

    @Label("Status")
    @Nullable
    String status;

    @Label("Sense Key")
    int senseKey;

    @Label("Additional Sense Code and Qualifier")
    int additionalSense;

    @Label("Unused Bytes")
    long residual;

    /**
     * Begins the trace of a command.
     *
     * @param kept what this returned for an earlier command of the same slot, or null
     * @return null as long as nothing records: loading the class of an event takes the JVM long
     */
    static @Nullable ScsiCommandEvent begin(@Nullable ScsiCommandEvent kept) {
        ScsiCommandEvent event = kept == null && FlightRecorder.isInitialized() ? new ScsiCommandEvent() : kept;
        if (event != null) {
            event.begin();
        }
        return event;
    }

    /** Ends the trace of a command, which has ended. */
    void end(@Nullable SupportedCommand<?> recognized, int toLun, ScsiTask task) {
        end();
        if (shouldCommit()) {
            command = recognized == null ? "unknown" : recognized.name();
            operationCode = task.cdb().operationCode();
            lun = toLun;
            lba = task.lba();
            blocks = task.blocks();
            status = outcome(task);
            senseKey = task.sense().key();
            additionalSense = task.sense().additionalCode();
            residual = task.residual();
            commit();
        }
    }

    private static String outcome(ScsiTask task) {
        return switch (task.ending()) {
            case ABORTED, RESET -> task.ending().name();
            case ANSWERED -> task.overrun() ? "OVERRUN" : task.status().name();
        };
    }
}
