package vmm.scsi;

import java.util.List;

/**
 * Commands of one standard.
 *
 * @param standard which of them a logical unit with these commands conforms to
 * @param commands in the order of their operation codes
 * @param <N> the kind of logical unit, by what it keeps for an initiator
 */
public record CommandSet<N extends ItlNexus>(Standard standard, List<SupportedCommand<? super N>> commands) {
    /** Keeps an unmodifiable copy of the list. */
    public CommandSet {
        commands = List.copyOf(commands);
    }
}
