package vmm.scsi;

import java.util.List;

/** All that a disk can do. */
final class DiskCommands {
    private static final ReadCapacity READ_CAPACITY = new ReadCapacity();
    private static final ModeSense MODE_SENSE = new ModeSense();
    private static final ReadBlocks READ = new ReadBlocks();
    private static final WriteBlocks WRITE = new WriteBlocks();
    private static final SynchronizeCache SYNCHRONIZE_CACHE = new SynchronizeCache();

    /** By operation code; the digits are the CDB usage data of REPORT SUPPORTED OPERATION CODES (SPC-5). */
    static final CommandTable<DiskNexus> TABLE = new CommandTable<>(List.of(
            SupportedCommand.of("TEST UNIT READY", "00 00 00 00 00 04", new TestUnitReady()),
            SupportedCommand.of("REQUEST SENSE", "03 01 00 00 ff 04", new RequestSense()),
            SupportedCommand.of("READ (6)", "08 1f ff ff ff 04", READ),
            SupportedCommand.of("WRITE (6)", "0a 1f ff ff ff 04", WRITE),
            SupportedCommand.of("INQUIRY", "12 01 ff ff ff 04", new Inquiry<>(DiskVpdPages.ALL)),
            SupportedCommand.of("MODE SENSE (6)", "1a 08 ff ff ff 04", MODE_SENSE),
            SupportedCommand.of("START STOP UNIT", "1b 01 00 0f f7 04", new StartStopUnit()),
            SupportedCommand.of("READ CAPACITY (10)", "25 00 ff ff ff ff 00 00 01 04", READ_CAPACITY),
            SupportedCommand.of("READ (10)", "28 f8 ff ff ff ff 00 ff ff 04", READ),
            SupportedCommand.of("WRITE (10)", "2a f8 ff ff ff ff 00 ff ff 04", WRITE),
            SupportedCommand.of("SYNCHRONIZE CACHE (10)", "35 02 ff ff ff ff 00 ff ff 04", SYNCHRONIZE_CACHE),
            SupportedCommand.of("MODE SENSE (10)", "5a 18 ff ff 00 00 00 ff ff 04", MODE_SENSE),
            SupportedCommand.of("READ (16)", "88 f8 ff ff ff ff ff ff ff ff ff ff ff ff 00 04", READ),
            SupportedCommand.of("WRITE (16)", "8a f8 ff ff ff ff ff ff ff ff ff ff ff ff 00 04", WRITE),
            SupportedCommand.of(
                    "SYNCHRONIZE CACHE (16)", "91 02 ff ff ff ff ff ff ff ff ff ff ff ff 00 04", SYNCHRONIZE_CACHE),
            SupportedCommand.ofAction(
                    "READ CAPACITY (16)", "9e 10 ff ff ff ff ff ff ff ff ff ff ff ff 01 04", READ_CAPACITY),
            SupportedCommand.of("REPORT LUNS", "a0 00 ff 00 00 00 ff ff ff ff 00 04", new ReportLuns()),
            SupportedCommand.of("READ (12)", "a8 f8 ff ff ff ff ff ff ff ff 00 04", READ),
            SupportedCommand.of("WRITE (12)", "aa f8 ff ff ff ff ff ff ff ff 00 04", WRITE)));

    private DiskCommands() {}
}
