package vmm.scsi.primary;

import java.util.List;
import vmm.scsi.CommandTable;
import vmm.scsi.ItlNexus;
import vmm.scsi.ReservationClass;
import vmm.scsi.ScsiStatus;
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

    private PrimaryCommands() {}

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
