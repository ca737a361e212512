package vmm.scsi.multimedia;

import java.util.List;
import vmm.scsi.Command;
import vmm.scsi.CommandSet;
import vmm.scsi.CommandTable;
import vmm.scsi.ReservationClass;
import vmm.scsi.Standard;
import vmm.scsi.SupportedCommand;
import vmm.scsi.primary.IdentificationPages;
import vmm.scsi.primary.PrimaryCommands;
import vmm.scsi.primary.PrimaryVpdPages;

/** All that a drive can do. */
final class DriveCommands {
    private static final ReadDisc READ = new ReadDisc();

    private static final CommandSet<DriveNexus> MULTIMEDIA = new CommandSet<>(
            Standard.MMC_6,
            List.of(
                    always("START STOP UNIT", "1b 01 00 0f f7 04", TrayCommands::startStop),
                    always("PREVENT ALLOW MEDIUM REMOVAL", "1e 00 00 00 03 04", TrayCommands::preventAllow),
                    always("READ CAPACITY", "25 00 00 00 00 00 00 00 00 04", new ReadDiscCapacity())
                            .onMedium(),
                    reading("READ (10)", "28 18 ff ff ff ff 00 ff ff 04", READ),
                    reading("READ TOC/PMA/ATIP", "43 02 0f 00 00 00 ff ff ff c4", new ReadToc()),
                    always("GET CONFIGURATION", "46 03 ff ff 00 00 00 ff ff 04", new GetConfiguration())
                            .despiteAttention(),
                    always(
                                    "GET EVENT STATUS NOTIFICATION",
                                    "4a 01 00 00 ff 00 00 ff ff 04",
                                    new GetEventStatusNotification())
                            .despiteAttention(),
                    reading("READ DISC INFORMATION", "51 07 00 00 00 00 00 ff ff 04", new ReadDiscInformation()),
                    reading("READ TRACK INFORMATION", "52 03 ff ff ff ff 00 ff ff 04", new ReadTrackInformation()),
                    reading("READ (12)", "a8 18 ff ff ff ff ff ff ff ff 00 04", READ),
                    always("GET PERFORMANCE", "ac 1f ff ff ff ff 00 00 ff ff ff 04", DriveSpeed::getPerformance)
                            .onMedium(),
                    reading("READ DISC STRUCTURE", "ad 0f ff ff ff ff ff ff ff ff c0 04", new ReadDvdStructure()),
                    always("SET CD SPEED", "bb 03 ff ff ff ff 00 00 00 00 00 04", DriveSpeed::setSpeed),
                    always("MECHANISM STATUS", "bd 00 00 00 00 00 00 00 ff ff 00 04", new MechanismStatus()),
                    reading("READ CD", "be 1e ff ff ff ff ff ff ff f8 07 04", READ)));

    private static final CommandSet<DriveNexus> INQUIRY = new CommandSet<>(
            Standard.SPC_5,
            List.of(PrimaryCommands.inquiry(List.of(
                    IdentificationPages.UNIT_SERIAL_NUMBER.<DriveNexus>as(),
                    IdentificationPages.DEVICE_IDENTIFICATION.<DriveNexus>as(),
                    PrimaryVpdPages.MODE_PAGE_POLICY.<DriveNexus>as()))));

    /** All of them; the digits are the CDB usage data of REPORT SUPPORTED OPERATION CODES (SPC-5). */
    static final CommandTable<DriveNexus> TABLE = new CommandTable<>(PrimaryCommands.OF_UNITS, INQUIRY, MULTIMEDIA);

    private DriveCommands() {}

    private static SupportedCommand<DriveNexus> always(String name, String usage, Command<? super DriveNexus> command) {
        return SupportedCommand.<DriveNexus>of(name, usage, command).under(ReservationClass.ALWAYS);
    }

    private static SupportedCommand<DriveNexus> reading(
            String name, String usage, Command<? super DriveNexus> command) {
        return SupportedCommand.<DriveNexus>of(name, usage, command).onMedium().under(ReservationClass.READ);
    }
}
