package vmm.scsi;

/**
 * What comes before every command (SAM-5 5.14): is there something to tell first, is the command known, is its CDB
 * whole, do the reservations allow it, is the unit ready.
 *
 * @param <N> the kind of logical unit, by what it keeps for an initiator
 */
public final class DeviceServer<N extends ItlNexus> {
    private final CommandTable<N> table;

    /** Serves the commands of {@code table}. */
    public DeviceServer(CommandTable<N> table) {
        this.table = table;
    }

    /** What it serves. */
    public CommandTable<N> table() {
        return table;
    }

    /** Runs a command. */
    public void execute(N nexus, ScsiTask task) {
        Cdb cdb = task.cdb();
        SupportedCommand<? super N> supported = table.find(cdb);
        if (supported != null) {
            task.recognized(supported);
        }
        nexus.reservations().refresh();
        // SAM-5: a pending unit attention condition is told before anything else of the command is looked at.
        if (supported == null || supported.reportsUnitAttention()) {
            UnitAttention attention = nexus.takeAttention();
            if (attention != null) {
                nexus.describe(attention, task.beginSense(attention.code()));
                task.end(ScsiStatus.CHECK_CONDITION);
                return;
            }
        }
        if (supported == null) {
            refuse(task);
        } else if (isWhole(supported, task)) {
            admit(supported, nexus, task);
        }
    }

    private static boolean isWhole(SupportedCommand<?> supported, ScsiTask task) {
        Cdb cdb = task.cdb();
        int length = supported.cdbLength();
        if (cdb.length() < length) {
            task.invalidField(cdb.length(), ScsiTask.WHOLE_BYTE);
            return false;
        }
        if (supported.operationCode() == Cdb.VARIABLE_LENGTH && cdb.u8(7) != length - 8) {
            // SPC-5 4.2.3, ADDITIONAL CDB LENGTH
            task.invalidField(7, ScsiTask.WHOLE_BYTE);
            return false;
        }
        return true;
    }

    private void admit(SupportedCommand<? super N> supported, N nexus, ScsiTask task) {
        if (nexus.reservations().conflicts(supported.reservation())) {
            task.end(ScsiStatus.RESERVATION_CONFLICT);
            return;
        }
        if (supported.needsMedium()) {
            SenseCode why = nexus.notReady();
            if (why != null) {
                refuse(nexus, task, why);
                return;
            }
        }
        run(supported, nexus, task);
    }

    private static void refuse(ItlNexus nexus, ScsiTask task, SenseCode why) {
        SenseData sense = task.beginSense(why);
        if (nexus.progress() != ItlNexus.NO_PROGRESS) {
            sense.setProgress(nexus.progress());
        }
        task.end(ScsiStatus.CHECK_CONDITION);
    }

    private static <S extends ItlNexus> void run(SupportedCommand<S> supported, S nexus, ScsiTask task) {
        supported.command().execute(nexus, task);
    }

    private void refuse(ScsiTask task) {
        int code = task.cdb().operationCode();
        if (!table.hasOperationCode(code)) {
            task.fail(SenseCode.INVALID_COMMAND_OPERATION_CODE);
        } else if (code == Cdb.VARIABLE_LENGTH) {
            // SPC-5: the operation code is known, so what is wrong is the service action
            task.invalidField(8, ScsiTask.WHOLE_BYTE);
        } else {
            task.invalidField(1, 4);
        }
    }
}
