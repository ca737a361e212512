package vmm.scsi;

/**
 * How long a command takes (SPC-5, command timeouts descriptor).
 *
 * @param nominal seconds after which it is usually done; 0 if nobody can say
 * @param recommended seconds after which the initiator should think that something is wrong; 0 if nobody can say
 */
public record CommandTimeouts(int nominal, int recommended) {
    /** What answers at once. */
    public static final CommandTimeouts SECOND = new CommandTimeouts(1, 10);

    /** What waits for the medium. */
    public static final CommandTimeouts MEDIUM = new CommandTimeouts(1, 60);

    /** What goes through a whole disk. */
    public static final CommandTimeouts WHOLE_DISK = new CommandTimeouts(60, 3600);
}
