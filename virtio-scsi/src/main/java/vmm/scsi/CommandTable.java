package vmm.scsi;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The commands of one kind of logical unit, by operation code and service action.
 *
 * @param <N> the kind of logical unit, by what it keeps for an initiator
 */
public final class CommandTable<N extends ItlNexus> {
    private final List<CommandSet<? super N>> sets;
    private final List<SupportedCommand<? super N>> commands;
    private final Set<Standard> standards;

    /** By operation code; for each the commands by service action, or a single one. */
    private final @Nullable SupportedCommand<? super N>[][] byCode;

    /**
     * Puts a table together from the commands of several standards.
     *
     * @throws IllegalArgumentException if two commands have the same operation code and service action
     */
    @SafeVarargs
    @SuppressWarnings("varargs") // Nothing is ever stored in the array.
    public CommandTable(CommandSet<? super N>... sets) {
        this(List.of(sets));
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // Arrays know no type arguments; these hold what the list holds.
    private CommandTable(List<CommandSet<? super N>> sets) {
        List<SupportedCommand<? super N>> all = new ArrayList<>();
        Set<Standard> sources = EnumSet.of(Standard.SAM_5);
        for (CommandSet<? super N> set : sets) {
            all.addAll((List<SupportedCommand<? super N>>) (List<?>) set.commands());
            sources.add(set.standard());
        }
        this.sets = sets;
        commands = List.copyOf(all);
        standards = Collections.unmodifiableSet(sources);
        byCode = new SupportedCommand[256][];
        for (SupportedCommand<? super N> command : commands) {
            enter(command);
        }
    }

    /** A table of these commands and more. */
    public CommandTable<N> with(CommandSet<? super N> more) {
        List<CommandSet<? super N>> longer = new ArrayList<>(sets);
        longer.add(more);
        return new CommandTable<>(longer);
    }

    private void enter(SupportedCommand<? super N> command) {
        int code = command.operationCode();
        int action = command.hasServiceAction() ? command.serviceAction() : 0;
        @Nullable SupportedCommand<? super N>[] actions = byCode[code];
        int room = action + (command.hasServiceAction() ? 2 : 1);
        if (actions == null || actions.length < room) {
            actions = actions == null ? empty(room) : Arrays.copyOf(actions, room);
            byCode[code] = actions;
        }
        if (actions[action] != null) {
            throw new IllegalArgumentException(command.name() + " is in the table twice.");
        }
        actions[action] = command;
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // Arrays know no type arguments.
    private @Nullable SupportedCommand<? super N>[] empty(int length) {
        return new SupportedCommand[length];
    }

    /** The standards that the commands come from, and SAM-5, by which they are run. */
    public Set<Standard> standards() {
        return standards;
    }

    /** All of them, in the order of the sets. */
    public List<SupportedCommand<? super N>> commands() {
        return commands;
    }

    /** True if some command has that operation code. */
    public boolean hasOperationCode(int code) {
        return byCode[code] != null;
    }

    /** True if that operation code belongs to several commands, which a service action tells apart. */
    public boolean hasServiceActions(int code) {
        // One that has service actions leaves room behind the last of them.
        return byCode[code] != null && byCode[code].length > 1;
    }

    /** What a CDB asks for, or null if it is not supported. */
    public @Nullable SupportedCommand<? super N> find(Cdb cdb) {
        int code = cdb.operationCode();
        @Nullable SupportedCommand<? super N>[] actions = byCode[code];
        if (actions == null) {
            return null;
        }
        if (actions.length == 1) {
            return actions[0];
        }
        int action = cdb.serviceAction();
        return action < actions.length ? actions[action] : null;
    }

    /** What an operation code and a service action ask for, or null; the action counts only where there are some. */
    public @Nullable SupportedCommand<? super N> find(int code, int action) {
        @Nullable SupportedCommand<? super N>[] actions = byCode[code];
        if (actions == null) {
            return null;
        }
        int index = actions.length == 1 ? 0 : action;
        return index < actions.length ? actions[index] : null;
    }
}
