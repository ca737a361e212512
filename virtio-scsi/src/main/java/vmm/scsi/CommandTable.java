package vmm.scsi;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The commands of one kind of logical unit, by operation code and service action.
 *
 * @param <N> the kind of logical unit, by what it keeps for an initiator
 */
final class CommandTable<N extends ItlNexus> {
    private static final int SERVICE_ACTIONS = 32;

    private final List<SupportedCommand<N>> commands;

    /** By operation code; for each the commands by service action, or a single one. */
    private final @Nullable SupportedCommand<N>[][] byCode;

    @SuppressWarnings({"unchecked", "rawtypes"}) // Arrays know no type arguments; these hold what the list holds.
    CommandTable(List<SupportedCommand<N>> commands) {
        this.commands = List.copyOf(commands);
        this.byCode = new SupportedCommand[256][];
        for (SupportedCommand<N> command : this.commands) {
            int code = command.operationCode();
            int action = command.hasServiceAction() ? command.serviceAction() : 0;
            if (byCode[code] == null) {
                byCode[code] = new SupportedCommand[command.hasServiceAction() ? SERVICE_ACTIONS : 1];
            }
            if (byCode[code][action] != null) {
                throw new IllegalArgumentException(command.name() + " is in the table twice.");
            }
            byCode[code][action] = command;
        }
    }

    /** All of them, in the order of the table. */
    List<SupportedCommand<N>> commands() {
        return commands;
    }

    /** True if some command has that operation code. */
    boolean hasOperationCode(int code) {
        return byCode[code] != null;
    }

    /** What a CDB asks for, or null if it is not supported. */
    @Nullable
    SupportedCommand<N> find(Cdb cdb) {
        @Nullable SupportedCommand<N>[] actions = byCode[cdb.operationCode()];
        if (actions == null) {
            return null;
        }
        return actions.length == 1 ? actions[0] : actions[cdb.serviceAction()];
    }
}
