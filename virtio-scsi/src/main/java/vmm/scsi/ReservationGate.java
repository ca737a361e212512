package vmm.scsi;

/** Who decides whether the reservations of a logical unit allow a command. Any loop's thread may call. */
@FunctionalInterface
public interface ReservationGate {
    /** Nobody has reserved anything. */
    ReservationGate OPEN = (nexus, command, cdb) -> false;

    /**
     * True if the command must end with RESERVATION CONFLICT. Called for every command, READ and WRITE included, so it
     * is short and allocates nothing.
     *
     * @param nexus through which the command came
     */
    boolean conflicts(ItlNexus nexus, SupportedCommand<?> command, Cdb cdb);
}
