package vmm.scsi.block;

import java.util.List;
import vmm.scsi.CommandTable;
import vmm.scsi.ReservationClass;
import vmm.scsi.SupportedCommand;
import vmm.scsi.primary.PrimaryCommands;

/** All that a disk can do. */
final class DiskCommands {
    private static final ReadCapacity READ_CAPACITY = new ReadCapacity();
    private static final ModeSense MODE_SENSE = new ModeSense();
    private static final ReadBlocks READ = new ReadBlocks();
    private static final WriteBlocks WRITE = new WriteBlocks();
    private static final SynchronizeCache SYNCHRONIZE_CACHE = new SynchronizeCache();

    private static final List<SupportedCommand<DiskNexus>> BLOCK = List.of(
            SupportedCommand.of("READ (6)", "08 1f ff ff ff 04", READ)
                    .onMedium()
                    .under(ReservationClass.READ),
            SupportedCommand.of("WRITE (6)", "0a 1f ff ff ff 04", WRITE).onMedium(),
            SupportedCommand.of("START STOP UNIT", "1b 01 00 0f f7 04", new StartStopUnit()),
            SupportedCommand.of("READ CAPACITY (10)", "25 00 ff ff ff ff 00 00 01 04", READ_CAPACITY)
                    .onMedium()
                    .under(ReservationClass.ALWAYS),
            SupportedCommand.of("READ (10)", "28 f8 ff ff ff ff 00 ff ff 04", READ)
                    .onMedium()
                    .under(ReservationClass.READ),
            SupportedCommand.of("WRITE (10)", "2a f8 ff ff ff ff 00 ff ff 04", WRITE)
                    .onMedium(),
            SupportedCommand.of("SYNCHRONIZE CACHE (10)", "35 02 ff ff ff ff 00 ff ff 04", SYNCHRONIZE_CACHE)
                    .onMedium(),
            SupportedCommand.of("READ (16)", "88 f8 ff ff ff ff ff ff ff ff ff ff ff ff 00 04", READ)
                    .onMedium()
                    .under(ReservationClass.READ),
            SupportedCommand.of("WRITE (16)", "8a f8 ff ff ff ff ff ff ff ff ff ff ff ff 00 04", WRITE)
                    .onMedium(),
            SupportedCommand.of(
                            "SYNCHRONIZE CACHE (16)",
                            "91 02 ff ff ff ff ff ff ff ff ff ff ff ff 00 04",
                            SYNCHRONIZE_CACHE)
                    .onMedium(),
            SupportedCommand.ofAction(
                            "READ CAPACITY (16)", "9e 10 ff ff ff ff ff ff ff ff ff ff ff ff 01 04", READ_CAPACITY)
                    .onMedium()
                    .under(ReservationClass.ALWAYS),
            SupportedCommand.of("READ (12)", "a8 f8 ff ff ff ff ff ff ff ff 00 04", READ)
                    .onMedium()
                    .under(ReservationClass.READ),
            SupportedCommand.of("WRITE (12)", "aa f8 ff ff ff ff ff ff ff ff 00 04", WRITE)
                    .onMedium());

    private static final List<SupportedCommand<? super DiskNexus>> PRIMARY = List.of(
            PrimaryCommands.TEST_UNIT_READY,
            PrimaryCommands.REQUEST_SENSE,
            PrimaryCommands.inquiry(DiskVpdPages.ALL),
            PrimaryCommands.REPORT_LUNS,
            SupportedCommand.of("MODE SENSE (6)", "1a 08 ff ff ff 04", MODE_SENSE),
            SupportedCommand.of("MODE SENSE (10)", "5a 18 ff ff 00 00 00 ff ff 04", MODE_SENSE));

    /** All of them; the digits are the CDB usage data of REPORT SUPPORTED OPERATION CODES (SPC-5). */
    static final CommandTable<DiskNexus> TABLE = new CommandTable<>(PRIMARY, BLOCK);

    private DiskCommands() {}
}
