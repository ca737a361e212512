package vmm.scsi.primary;

import java.util.List;
import java.util.function.Function;
import vmm.scsi.Command;
import vmm.scsi.CommandSet;
import vmm.scsi.CommandTable;
import vmm.scsi.ItlNexus;
import vmm.scsi.ReservationClass;
import vmm.scsi.ScsiTask;
import vmm.scsi.Standard;
import vmm.scsi.SupportedCommand;
import vmm.scsi.reservation.ReservationView;

/**
 * The commands that see to reservations (SPC-5, and RESERVE and RELEASE of SPC-2), as entries for a
 * {@link CommandTable}.
 */
public final class ReservationCommands {
    private ReservationCommands() {}

    /**
     * RESERVE and RELEASE.
     *
     * @param view finds the reservations of a logical unit as a nexus sees them
     */
    public static <N extends ItlNexus> CommandSet<N> ofUnits(Function<N, ReservationView> view) {
        return new CommandSet<>(
                Standard.SPC_2,
                List.of(
                        unit("RESERVE (6)", "16 00 00 00 00 04", view, ReserveUnit::reserve),
                        unit("RELEASE (6)", "17 00 00 00 00 04", view, ReserveUnit::release),
                        unit("RESERVE (10)", "56 00 00 00 00 00 00 00 00 04", view, ReserveUnit::reserve),
                        unit("RELEASE (10)", "57 00 00 00 00 00 00 00 00 04", view, ReserveUnit::release)));
    }

    /**
     * PERSISTENT RESERVE IN and OUT.
     *
     * @param view finds the reservations of a logical unit as a nexus sees them
     */
    public static <N extends ItlNexus> CommandSet<N> persistent(Function<N, ReservationView> view) {
        return new CommandSet<>(
                Standard.SPC_5,
                List.of(
                        in("READ KEYS", 0x00, view, PersistentReserveIn::readKeys),
                        in("READ RESERVATION", 0x01, view, PersistentReserveIn::readReservation),
                        in("REPORT CAPABILITIES", 0x02, view, PersistentReserveIn::reportCapabilities),
                        in("READ FULL STATUS", 0x03, view, PersistentReserveIn::readFullStatus),
                        out("REGISTER", 0x00, "00", view, PersistentReserveOut::register),
                        out("RESERVE", 0x01, "ff", view, PersistentReserveOut::reserve),
                        out("RELEASE", 0x02, "ff", view, PersistentReserveOut::release),
                        out("CLEAR", 0x03, "00", view, PersistentReserveOut::clear),
                        out("PREEMPT", 0x04, "ff", view, PersistentReserveOut::preempt),
                        out("PREEMPT AND ABORT", 0x05, "ff", view, PersistentReserveOut::preemptAndAbort),
                        out(
                                "REGISTER AND IGNORE EXISTING KEY",
                                0x06,
                                "00",
                                view,
                                PersistentReserveOut::registerAndIgnore),
                        out("REGISTER AND MOVE", 0x07, "00", view, PersistentReserveOut::registerAndMove)));
    }

    /** What a command does, given the reservations. */
    private interface Part {
        void execute(ReservationView view, ScsiTask task);
    }

    private static <N extends ItlNexus> SupportedCommand<N> unit(
            String name, String usage, Function<N, ReservationView> view, Part part) {
        return SupportedCommand.of(name, usage, command(view, part)).under(ReservationClass.ALWAYS);
    }

    private static <N extends ItlNexus> SupportedCommand<N> in(
            String action, int code, Function<N, ReservationView> view, Part part) {
        return SupportedCommand.ofAction(
                        "PERSISTENT RESERVE IN, " + action,
                        "5e %02x 00 00 00 00 00 ff ff 04".formatted(code),
                        command(view, part))
                .under(ReservationClass.PERSISTENT);
    }

    private static <N extends ItlNexus> SupportedCommand<N> out(
            String action, int code, String scopeAndType, Function<N, ReservationView> view, Part part) {
        return SupportedCommand.ofAction(
                        "PERSISTENT RESERVE OUT, " + action,
                        "5f %02x %s 00 00 ff ff ff ff 04".formatted(code, scopeAndType),
                        command(view, part))
                .under(ReservationClass.PERSISTENT);
    }

    private static <N extends ItlNexus> Command<N> command(Function<N, ReservationView> view, Part part) {
        return (nexus, task) -> part.execute(view.apply(nexus), task);
    }
}
