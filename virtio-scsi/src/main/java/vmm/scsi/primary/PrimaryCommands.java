package vmm.scsi.primary;

import java.util.List;
import vmm.scsi.CommandSet;
import vmm.scsi.CommandTable;
import vmm.scsi.ItlNexus;
import vmm.scsi.ReservationClass;
import vmm.scsi.ScsiStatus;
import vmm.scsi.Standard;
import vmm.scsi.SupportedCommand;

/** The commands that every logical unit has (SPC-5), as entries for its {@link CommandTable}. */
public final class PrimaryCommands {
    /** TEST UNIT READY. */
    public static final SupportedCommand<ItlNexus> TEST_UNIT_READY = SupportedCommand.<ItlNexus>of(
                    "TEST UNIT READY", "00 00 00 00 00 04", (nexus, task) -> task.end(ScsiStatus.GOOD))
            .onMedium()
            .under(ReservationClass.HARMLESS);

    /** REQUEST SENSE. */
    public static final SupportedCommand<ItlNexus> REQUEST_SENSE = SupportedCommand.of(
                    "REQUEST SENSE", "03 01 00 00 ff 04", new RequestSense())
            .despiteAttention()
            .under(ReservationClass.ALWAYS);

    /** REPORT LUNS. */
    public static final SupportedCommand<ItlNexus> REPORT_LUNS = SupportedCommand.of(
                    "REPORT LUNS", "a0 00 ff 00 00 00 ff ff ff ff 00 04", new ReportLuns())
            .despiteAttention()
            .under(ReservationClass.ALWAYS);

    private static final ModeSelect MODE_SELECT = new ModeSelect();
    private static final ModeSense MODE_SENSE = new ModeSense();

    /** What every {@link PrimaryUnit} has beside INQUIRY, in the order of the operation codes. */
    public static final CommandSet<PrimaryNexus> OF_UNITS = new CommandSet<>(
            Standard.SPC_5,
            List.of(
                    TEST_UNIT_READY,
                    REQUEST_SENSE,
                    SupportedCommand.of("MODE SELECT (6)", "15 11 00 00 ff 04", MODE_SELECT),
                    SupportedCommand.of("MODE SENSE (6)", "1a 08 ff ff ff 04", MODE_SENSE)
                            .under(ReservationClass.READ),
                    SupportedCommand.<PrimaryNexus>of(
                                    "RECEIVE DIAGNOSTIC RESULTS", "1c 01 ff ff ff 04", Diagnostics::receive)
                            .under(ReservationClass.READ),
                    SupportedCommand.<PrimaryNexus>of("SEND DIAGNOSTIC", "1d f7 00 ff ff 04", Diagnostics::send),
                    SupportedCommand.<PrimaryNexus>of("WRITE BUFFER", "3b 1f ff ff ff ff ff ff ff 04", Buffers::write),
                    SupportedCommand.<PrimaryNexus>of(
                                    "READ BUFFER (10)", "3c 1f ff ff ff ff ff ff ff 04", Buffers::read)
                            .under(ReservationClass.READ),
                    SupportedCommand.of("MODE SELECT (10)", "55 11 00 00 00 00 00 ff ff 04", MODE_SELECT),
                    SupportedCommand.of("MODE SENSE (10)", "5a 18 ff ff 00 00 00 ff ff 04", MODE_SENSE)
                            .under(ReservationClass.READ),
                    REPORT_LUNS,
                    SupportedCommand.ofAction(
                                    "REPORT TARGET PORT GROUPS",
                                    "a3 ea 00 00 00 00 ff ff ff ff 00 04",
                                    new ReportTargetPortGroups())
                            .under(ReservationClass.HARMLESS),
                    SupportedCommand.ofAction(
                                    "REPORT SUPPORTED OPERATION CODES",
                                    "a3 0c 87 ff ff ff ff ff ff ff 00 04",
                                    new ReportSupportedOperationCodes())
                            .under(ReservationClass.READ),
                    SupportedCommand.ofAction(
                                    "REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS",
                                    "a3 0d 80 00 00 00 ff ff ff ff 00 04",
                                    new ReportSupportedTaskManagementFunctions())
                            .under(ReservationClass.READ)));

    private PrimaryCommands() {}

    /**
     * LOG SELECT and LOG SENSE.
     *
     * @param pages the log pages in ascending order, without the lists of pages themselves
     */
    public static <N extends ItlNexus> List<SupportedCommand<N>> log(List<LogPage<N>> pages) {
        LogPages<N> all = new LogPages<>(pages);
        return List.of(
                SupportedCommand.of("LOG SELECT", "4c 03 ff ff 00 00 00 ff ff 04", new LogSelect<>(all)),
                SupportedCommand.<N>of("LOG SENSE", "4d 03 ff ff 00 ff ff ff ff 04", new LogSense<>(all))
                        .under(ReservationClass.HARMLESS));
    }

    /**
     * INQUIRY.
     *
     * @param pages the vital product data in ascending order, without the list of pages itself
     */
    public static <N extends ItlNexus> SupportedCommand<N> inquiry(List<VpdPage<N>> pages) {
        return SupportedCommand.<N>of("INQUIRY", "12 01 ff ff ff 04", new Inquiry<>(pages))
                .despiteAttention()
                .under(ReservationClass.ALWAYS);
    }
}
