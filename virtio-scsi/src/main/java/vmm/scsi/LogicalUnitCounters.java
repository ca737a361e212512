package vmm.scsi;

/**
 * What a logical unit has done.
 *
 * @param commands all commands that ended
 * @param checkConditions those of them that ended with CHECK CONDITION
 * @param reads commands that read the medium with success
 * @param bytesRead how much they read
 * @param writes commands that wrote the medium with success
 * @param bytesWritten how much they wrote
 * @param readErrors commands that ended with MEDIUM ERROR while they read
 * @param writeErrors commands that ended with MEDIUM ERROR while they wrote
 */
public record LogicalUnitCounters(
        long commands,
        long checkConditions,
        long reads,
        long bytesRead,
        long writes,
        long bytesWritten,
        long readErrors,
        long writeErrors) {
    /** Nothing done yet. */
    public static final LogicalUnitCounters ZERO = new LogicalUnitCounters(0, 0, 0, 0, 0, 0, 0, 0);

    /** The sum. */
    public LogicalUnitCounters plus(LogicalUnitCounters other) {
        return new LogicalUnitCounters(
                commands + other.commands,
                checkConditions + other.checkConditions,
                reads + other.reads,
                bytesRead + other.bytesRead,
                writes + other.writes,
                bytesWritten + other.bytesWritten,
                readErrors + other.readErrors,
                writeErrors + other.writeErrors);
    }

    /** The difference: what was done since {@code earlier}. */
    public LogicalUnitCounters minus(LogicalUnitCounters earlier) {
        return new LogicalUnitCounters(
                commands - earlier.commands,
                checkConditions - earlier.checkConditions,
                reads - earlier.reads,
                bytesRead - earlier.bytesRead,
                writes - earlier.writes,
                bytesWritten - earlier.bytesWritten,
                readErrors - earlier.readErrors,
                writeErrors - earlier.writeErrors);
    }
}
