package vmm.scsi;

import java.util.HexFormat;

/**
 * A command as a device server supports it: its name, the form of its CDB, and who does it.
 *
 * <p>The form is written as the CDB usage data of REPORT SUPPORTED OPERATION CODES: the operation code itself, the
 * service action itself where there is one, and otherwise a 1 for each bit that the device server looks at.
 *
 * @param <N> the kind of logical unit, by what it keeps for an initiator
 */
final class SupportedCommand<N extends ItlNexus> {
    private static final int NO_SERVICE_ACTION = -1;

    private final String name;
    private final byte[] usage;
    private final int serviceAction;
    private final Command<? super N> command;

    private SupportedCommand(String name, byte[] usage, int serviceAction, Command<? super N> command) {
        this.name = name;
        this.usage = usage;
        this.serviceAction = serviceAction;
        this.command = command;
    }

    /** A command that its operation code alone tells from others. */
    static <N extends ItlNexus> SupportedCommand<N> of(String name, String usage, Command<? super N> command) {
        return new SupportedCommand<>(name, parse(usage), NO_SERVICE_ACTION, command);
    }

    /** A command that shares its operation code with others, which the service action in byte 1 tells apart. */
    static <N extends ItlNexus> SupportedCommand<N> ofAction(String name, String usage, Command<? super N> command) {
        byte[] bytes = parse(usage);
        return new SupportedCommand<>(name, bytes, bytes[1] & 0x1f, command);
    }

    private static byte[] parse(String usage) {
        return HexFormat.ofDelimiter(" ").parseHex(usage);
    }

    String name() {
        return name;
    }

    int operationCode() {
        return usage[0] & 0xff;
    }

    boolean hasServiceAction() {
        return serviceAction != NO_SERVICE_ACTION;
    }

    int serviceAction() {
        return serviceAction;
    }

    /** How long the CDB is in bytes. */
    int cdbLength() {
        return usage.length;
    }

    /** The CDB usage data. */
    byte[] usage() {
        return usage.clone();
    }

    Command<? super N> command() {
        return command;
    }
}
