package vmm.scsi.primary;

import org.jspecify.annotations.Nullable;
import vmm.scsi.Cdb;
import vmm.scsi.Command;
import vmm.scsi.CommandTable;
import vmm.scsi.ParameterData;
import vmm.scsi.ScsiTask;
import vmm.scsi.SupportedCommand;

/** REPORT SUPPORTED OPERATION CODES (SPC-5 6.35): which commands there are, and what their CDBs look like. */
final class ReportSupportedOperationCodes implements Command<PrimaryNexus> {
    private static final int RCTD = 1 << 7;

    // REPORTING OPTIONS
    private static final int ALL = 0b000;
    private static final int OPERATION_CODE = 0b001;
    private static final int SERVICE_ACTION = 0b010;
    private static final int EITHER = 0b011;

    // SUPPORT
    private static final int NOT_SUPPORTED = 0b001;
    private static final int AS_IN_THE_STANDARD = 0b011;

    // Of a command descriptor, and of the data about one command
    private static final int SERVACTV = 1;
    private static final int CTDP = 1 << 1;
    private static final int CTDP_OF_ONE = 1 << 7;

    @Override
    public void execute(PrimaryNexus nexus, ScsiTask task) {
        CommandTable<?> table = nexus.commands();
        Cdb cdb = task.cdb();
        boolean timeouts = cdb.has(2, RCTD);
        int code = cdb.u8(3);
        int action = cdb.u16(4);
        switch (cdb.u8(2) & 0b111) {
            case ALL -> task.answer(all(table, timeouts), cdb.u32(6));
            case OPERATION_CODE -> {
                if (table.hasServiceActions(code)) {
                    task.invalidField(2, 2);
                } else {
                    task.answer(one(table.find(code, 0), timeouts), cdb.u32(6));
                }
            }
            case SERVICE_ACTION -> {
                if (table.hasOperationCode(code) && !table.hasServiceActions(code)) {
                    task.invalidField(2, 2);
                } else {
                    task.answer(one(table.find(code, action), timeouts), cdb.u32(6));
                }
            }
            case EITHER -> {
                boolean none = !table.hasServiceActions(code) && action != 0;
                task.answer(one(none ? null : table.find(code, action), timeouts), cdb.u32(6));
            }
            default -> task.invalidField(2, 2);
        }
    }

    private static ParameterData all(CommandTable<?> table, boolean timeouts) {
        ParameterData data = new ParameterData().u32(0);
        for (SupportedCommand<?> command : table.commands()) {
            data.u8(command.operationCode()).u8(0);
            data.u16(command.hasServiceAction() ? command.serviceAction() : 0).u8(0);
            data.u8((command.hasServiceAction() ? SERVACTV : 0) | (timeouts ? CTDP : 0));
            data.u16(command.cdbLength());
            if (timeouts) {
                writeTimeouts(command, data);
            }
        }
        data.set32(0, data.length() - 4L);
        return data;
    }

    private static ParameterData one(@Nullable SupportedCommand<?> command, boolean timeouts) {
        ParameterData data = new ParameterData().u8(0);
        if (command == null) {
            return data.u8(NOT_SUPPORTED).u16(0);
        }
        data.u8(AS_IN_THE_STANDARD | (timeouts ? CTDP_OF_ONE : 0));
        data.u16(command.cdbLength()).bytes(command.usageData());
        if (timeouts) {
            writeTimeouts(command, data);
        }
        return data;
    }

    /** The command timeouts descriptor. */
    private static void writeTimeouts(SupportedCommand<?> command, ParameterData data) {
        data.u16(0x0a).u8(0).u8(0);
        data.u32(command.timeouts().nominal()).u32(command.timeouts().recommended());
    }
}
