package vmm.scsi.block;

import org.jspecify.annotations.Nullable;
import vmm.scsi.Cdb;
import vmm.scsi.MediumCommand;
import vmm.scsi.ReservationClass;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;
import vmm.scsi.UnitAttention;

/** START STOP UNIT (SBC-4 5.31): starts, stops and rests a disk, and loads and ejects its medium. */
final class StartStopUnit implements MediumCommand<DiskNexus> {
    private static final int IMMED = 1;
    private static final int POWER_CONDITION_MODIFIER = 0xf;
    private static final int START = 1;
    private static final int LOEJ = 1 << 1;
    private static final int NO_FLUSH = 1 << 2;

    // POWER CONDITION
    private static final int START_VALID = 0x0;
    private static final int ACTIVE = 0x1;
    private static final int IDLE = 0x2;
    private static final int STANDBY = 0x3;
    private static final int LU_CONTROL = 0x7;

    private static final int FLUSHING = 0;

    @Override
    public void execute(DiskNexus nexus, ScsiTask task) {
        ScsiDisk disk = nexus.unit();
        Cdb cdb = task.cdb();
        int condition = cdb.u8(4) >>> 4;
        boolean starts = cdb.has(4, START) && condition == START_VALID;
        // SBC-4, allowed commands: whoever has reserved the disk, anybody may start it
        if (!starts && nexus.reservations().conflicts(ReservationClass.WRITE)) {
            task.end(ScsiStatus.RESERVATION_CONFLICT);
        } else if (!nexus.isUnoccupied(task)) {
            return;
        } else if (condition == START_VALID) {
            startOrStop(nexus, task, starts, cdb.has(4, LOEJ));
        } else if (cdb.has(3, POWER_CONDITION_MODIFIER)) {
            task.invalidField(3, 3);
        } else if (!isKnown(condition)) {
            task.invalidField(4, 7);
        } else {
            PowerCondition wanted = powerCondition(condition);
            if (wanted != null) {
                disk.mechanics().setPower(wanted);
            }
            task.end(ScsiStatus.GOOD);
        }
    }

    /**
     * SBC-4 5.31: reserved values are refused (as SBC-4 3.4.8 has it), and so are those that make a timer expire, for
     * we have none.
     */
    private static boolean isKnown(int condition) {
        return condition == LU_CONTROL || powerCondition(condition) != null;
    }

    /**
     * What a value of POWER CONDITION asks for; null for LU_CONTROL, by which the timers decide that we do not have.
     */
    private static @Nullable PowerCondition powerCondition(int condition) {
        return switch (condition) {
            case ACTIVE -> PowerCondition.ACTIVE;
            case IDLE -> PowerCondition.IDLE;
            case STANDBY -> PowerCondition.STANDBY;
            default -> null;
        };
    }

    private void startOrStop(DiskNexus nexus, ScsiTask task, boolean start, boolean loadOrEject) {
        ScsiDisk disk = nexus.unit();
        if (loadOrEject && !disk.removable()) {
            task.invalidField(4, 1);
        } else if (loadOrEject && disk.mechanics().isLocked()) {
            // SPC-5, PREVENT ALLOW MEDIUM REMOVAL: neither in nor out
            task.fail(SenseCode.MEDIUM_REMOVAL_PREVENTED);
        } else if (start) {
            if (loadOrEject && disk.mechanics().load()) {
                // It may be another one, for all that the other initiators know.
                disk.raiseForOthers(nexus, UnitAttention.MEDIUM_MAY_HAVE_CHANGED);
            }
            disk.mechanics().setPower(PowerCondition.ACTIVE);
            task.end(ScsiStatus.GOOD);
        } else if (task.cdb().has(4, NO_FLUSH) || disk.medium().readOnly()) {
            stop(disk, task);
        } else if (task.cdb().has(1, IMMED)) {
            nexus.flushUnasked();
            stop(disk, task);
        } else {
            task.medium().flush(nexus, this, FLUSHING);
        }
    }

    @Override
    public void mediumEnded(DiskNexus nexus, ScsiTask task, int errno) {
        if (errno == 0) {
            stop(nexus.unit(), task);
        } else {
            MediumError.flush(task, errno);
        }
    }

    private static void stop(ScsiDisk disk, ScsiTask task) {
        if (task.cdb().has(4, LOEJ)) {
            disk.mechanics().eject();
        } else {
            disk.mechanics().setPower(PowerCondition.STOPPED);
        }
        task.end(ScsiStatus.GOOD);
    }
}
