package vmm.scsi;

import java.util.HexFormat;

/**
 * A command as a device server supports it: its name, the form of its CDB, what must be true before it runs, and who
 * does it.
 *
 * <p>The form is written as the CDB usage data of REPORT SUPPORTED OPERATION CODES: the operation code itself, the
 * service action itself where there is one, and otherwise a 1 for each bit that the device server looks at.
 *
 * <p>At first a command needs no medium, tells unit attention conditions, conflicts as {@link ReservationClass#WRITE}
 * does, and takes a second.
 *
 * @param name as the standard writes it: {@code READ (10)}
 * @param usageData not to be changed
 * @param serviceAction {@link #NO_SERVICE_ACTION} if the operation code alone tells the command from others
 * @param command who does it
 * @param reservation what it needs of the reservations of other nexuses
 * @param needsMedium true if it ends with NOT READY while the logical unit is not ready
 * @param reportsUnitAttention false for the few that leave pending unit attention conditions alone (SAM-5)
 * @param timeouts how long it takes
 * @param <N> the kind of logical unit, by what it keeps for an initiator
 */
@SuppressWarnings("ArrayRecordComponent") // Nobody compares these; commands are told apart by their codes.
public record SupportedCommand<N extends ItlNexus>(
        String name,
        byte[] usageData,
        int serviceAction,
        Command<? super N> command,
        ReservationClass reservation,
        boolean needsMedium,
        boolean reportsUnitAttention,
        CommandTimeouts timeouts) {
    /** The command shares its operation code with no other. */
    public static final int NO_SERVICE_ACTION = -1;

    /** A command that its operation code alone tells from others. */
    public static <N extends ItlNexus> SupportedCommand<N> of(String name, String usage, Command<? super N> command) {
        return make(name, parse(usage), NO_SERVICE_ACTION, command);
    }

    /**
     * A command that shares its operation code with others, which the service action tells apart: in bytes 8 and 9 of a
     * CDB of variable length, in byte 1 of all others (SPC-5 4.2).
     */
    public static <N extends ItlNexus> SupportedCommand<N> ofAction(
            String name, String usage, Command<? super N> command) {
        byte[] bytes = parse(usage);
        int action = (bytes[0] & 0xff) == Cdb.VARIABLE_LENGTH ? BigEndian.get16(bytes, 8) : bytes[1] & 0x1f;
        return make(name, bytes, action, command);
    }

    private static <N extends ItlNexus> SupportedCommand<N> make(
            String name, byte[] usage, int action, Command<? super N> command) {
        return new SupportedCommand<>(
                name, usage, action, command, ReservationClass.WRITE, false, true, CommandTimeouts.SECOND);
    }

    private static byte[] parse(String usage) {
        return HexFormat.ofDelimiter(" ").parseHex(usage);
    }

    /** The same, allowed as {@code other} says when another nexus holds a reservation. */
    public SupportedCommand<N> under(ReservationClass other) {
        return new SupportedCommand<>(
                name, usageData, serviceAction, command, other, needsMedium, reportsUnitAttention, timeouts);
    }

    /** The same, for logical units that are ready only. */
    public SupportedCommand<N> onMedium() {
        return new SupportedCommand<>(
                name, usageData, serviceAction, command, reservation, true, reportsUnitAttention, timeouts);
    }

    /** The same, leaving pending unit attention conditions alone. */
    public SupportedCommand<N> despiteAttention() {
        return new SupportedCommand<>(
                name, usageData, serviceAction, command, reservation, needsMedium, false, timeouts);
    }

    /** The same, taking another time. */
    public SupportedCommand<N> taking(CommandTimeouts other) {
        return new SupportedCommand<>(
                name, usageData, serviceAction, command, reservation, needsMedium, reportsUnitAttention, other);
    }

    /** What is to be done, in the first byte of the CDB. */
    public int operationCode() {
        return usageData[0] & 0xff;
    }

    /** True if the command shares its operation code with others. */
    public boolean hasServiceAction() {
        return serviceAction != NO_SERVICE_ACTION;
    }

    /** How long the CDB is in bytes. */
    public int cdbLength() {
        return usageData.length;
    }

    /** Where the CONTROL byte is: the last, but byte 1 of a CDB of variable length (SPC-5 4.2). */
    public int controlOffset() {
        return operationCode() == Cdb.VARIABLE_LENGTH ? 1 : usageData.length - 1;
    }

    /** A copy of the CDB usage data. */
    public byte[] usage() {
        return usageData.clone();
    }
}
