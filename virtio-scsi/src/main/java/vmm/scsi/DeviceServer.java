package vmm.scsi;

/**
 * What comes before every command of a logical unit that we are ourselves (SAM-5): is there something to tell first, is
 * the command known, is its CDB whole, is the unit ready.
 *
 * @param <N> the kind of logical unit, by what it keeps for an initiator
 */
final class DeviceServer<N extends ItlNexus> {
    /** The bit of the CONTROL byte that asks for an ACA condition, which we do not have (SAM-5 5.2). */
    private static final int NACA = 2;

    private final CommandTable<N> table;

    DeviceServer(CommandTable<N> table) {
        this.table = table;
    }

    /** Runs a command. */
    void execute(N nexus, ScsiTask task) {
        Cdb cdb = task.cdb();
        SupportedCommand<N> supported = table.find(cdb);
        if (supported != null) {
            task.recognized(supported);
        }
        // SAM-5: a pending unit attention condition is told before anything else of the command is looked at.
        if (supported == null || supported.command().reportsUnitAttention()) {
            UnitAttention attention = nexus.takeAttention();
            if (attention != null) {
                task.fail(attention.code());
                return;
            }
        }
        if (supported == null) {
            refuse(task);
            return;
        }
        int length = supported.cdbLength();
        if (cdb.length() < length) {
            task.invalidField(cdb.length(), ScsiTask.WHOLE_BYTE);
            return;
        }
        if (cdb.has(length - 1, 1 << NACA)) {
            task.invalidField(length - 1, NACA);
            return;
        }
        Command<? super N> command = supported.command();
        if (command.needsMedium()) {
            SenseCode why = nexus.notReady();
            if (why != null) {
                task.fail(why);
                return;
            }
        }
        command.execute(nexus, task);
    }

    private void refuse(ScsiTask task) {
        if (table.hasOperationCode(task.cdb().operationCode())) {
            // SPC-5: the operation code is known, so what is wrong is the service action
            task.invalidField(1, 4);
        } else {
            task.fail(SenseCode.INVALID_COMMAND_OPERATION_CODE);
        }
    }
}
