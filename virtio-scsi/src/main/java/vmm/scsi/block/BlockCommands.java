package vmm.scsi.block;

import java.util.List;
import vmm.scsi.CommandSet;
import vmm.scsi.CommandTimeouts;
import vmm.scsi.ReservationClass;
import vmm.scsi.Standard;
import vmm.scsi.SupportedCommand;

/**
 * The commands of SBC-4, and two that only SBC-3 has. The digits are the CDB usage data of REPORT SUPPORTED OPERATION
 * CODES (SPC-5).
 */
final class BlockCommands {
    private static final ReadCapacity READ_CAPACITY = new ReadCapacity();
    private static final ReadBlocks READ = new ReadBlocks();
    private static final WriteBlocks WRITE = new WriteBlocks();
    private static final VerifyBlocks VERIFY = new VerifyBlocks();
    private static final WriteAndVerify WRITE_AND_VERIFY = new WriteAndVerify();
    private static final WriteSame WRITE_SAME = new WriteSame();
    private static final OrWrite OR_WRITE = new OrWrite();
    private static final PreFetch PRE_FETCH = new PreFetch();
    private static final GetLbaStatus GET_LBA_STATUS = new GetLbaStatus();
    private static final SynchronizeCache SYNCHRONIZE_CACHE = new SynchronizeCache();
    private static final Sanitize SANITIZE = new Sanitize();
    private static final ReadDefectData READ_DEFECT_DATA = new ReadDefectData();

    /** READ (6) and WRITE (6), which every disk has. */
    static final CommandSet<DiskNexus> OF_SIX_BYTES = new CommandSet<>(
            Standard.SBC_3,
            List.of(
                    SupportedCommand.<DiskNexus>of("READ (6)", "08 1f ff ff ff 04", READ)
                            .onMedium()
                            .under(ReservationClass.READ)
                            .taking(CommandTimeouts.MEDIUM),
                    SupportedCommand.<DiskNexus>of("WRITE (6)", "0a 1f ff ff ff 04", WRITE)
                            .onMedium()
                            .taking(CommandTimeouts.MEDIUM)));

    /** Those of SBC-4 that every disk has. */
    static final CommandSet<DiskNexus> ALL = new CommandSet<>(
            Standard.SBC_4,
            List.of(
                    SupportedCommand.<DiskNexus>of("FORMAT UNIT", "04 f8 00 00 03 04", new FormatUnit())
                            .taking(CommandTimeouts.WHOLE_DISK),
                    SupportedCommand.<DiskNexus>ofAction(
                                    "SANITIZE (OVERWRITE)", "48 a1 00 00 00 00 00 ff ff 04", SANITIZE)
                            .taking(CommandTimeouts.WHOLE_DISK),
                    SupportedCommand.<DiskNexus>ofAction(
                            "SANITIZE (EXIT FAILURE MODE)", "48 bf 00 00 00 00 00 ff ff 04", SANITIZE),
                    SupportedCommand.of("START STOP UNIT", "1b 01 00 0f f7 04", new StartStopUnit())
                            .under(ReservationClass.ALWAYS)
                            .taking(CommandTimeouts.MEDIUM),
                    SupportedCommand.of(
                                    "PREVENT ALLOW MEDIUM REMOVAL",
                                    "1e 00 00 00 03 04",
                                    new PreventAllowMediumRemoval())
                            .under(ReservationClass.ALWAYS),
                    SupportedCommand.<DiskNexus>of("READ CAPACITY (10)", "25 00 ff ff ff ff 00 00 01 04", READ_CAPACITY)
                            .onMedium()
                            .under(ReservationClass.HARMLESS)
                            .taking(CommandTimeouts.SECOND),
                    SupportedCommand.<DiskNexus>of("READ (10)", "28 f8 ff ff ff ff 00 ff ff 04", READ)
                            .onMedium()
                            .under(ReservationClass.READ)
                            .taking(CommandTimeouts.MEDIUM),
                    SupportedCommand.<DiskNexus>of("WRITE (10)", "2a f8 ff ff ff ff 00 ff ff 04", WRITE)
                            .onMedium()
                            .taking(CommandTimeouts.MEDIUM),
                    SupportedCommand.<DiskNexus>of(
                                    "WRITE AND VERIFY (10)", "2e f2 ff ff ff ff 00 ff ff 04", WRITE_AND_VERIFY)
                            .onMedium()
                            .taking(CommandTimeouts.MEDIUM),
                    SupportedCommand.<DiskNexus>of("VERIFY (10)", "2f f6 ff ff ff ff 00 ff ff 04", VERIFY)
                            .onMedium()
                            .under(ReservationClass.READ)
                            .taking(CommandTimeouts.MEDIUM),
                    SupportedCommand.<DiskNexus>of("PRE-FETCH (10)", "34 02 ff ff ff ff 00 ff ff 04", PRE_FETCH)
                            .onMedium()
                            .under(ReservationClass.READ)
                            .taking(CommandTimeouts.SECOND),
                    SupportedCommand.<DiskNexus>of(
                                    "SYNCHRONIZE CACHE (10)", "35 02 ff ff ff ff 00 ff ff 04", SYNCHRONIZE_CACHE)
                            .onMedium()
                            .taking(CommandTimeouts.MEDIUM),
                    SupportedCommand.<DiskNexus>of(
                                    "READ DEFECT DATA (10)", "37 00 1f 00 00 00 00 ff ff 04", READ_DEFECT_DATA)
                            .onMedium()
                            .under(ReservationClass.READ)
                            .taking(CommandTimeouts.SECOND),
                    SupportedCommand.<DiskNexus>of("WRITE SAME (10)", "41 f8 ff ff ff ff 00 ff ff 04", WRITE_SAME)
                            .onMedium()
                            .taking(CommandTimeouts.WHOLE_DISK),
                    SupportedCommand.<DiskNexus>ofAction(
                                    "READ (32)",
                                    "7f 04 00 00 00 00 00 18 00 09 f8 00 ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff",
                                    READ)
                            .onMedium()
                            .under(ReservationClass.READ)
                            .taking(CommandTimeouts.MEDIUM),
                    SupportedCommand.<DiskNexus>ofAction(
                                    "VERIFY (32)",
                                    "7f 04 00 00 00 00 00 18 00 0a f6 00 ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff",
                                    VERIFY)
                            .onMedium()
                            .under(ReservationClass.READ)
                            .taking(CommandTimeouts.MEDIUM),
                    SupportedCommand.<DiskNexus>ofAction(
                                    "WRITE (32)",
                                    "7f 04 00 00 00 00 00 18 00 0b f8 00 ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff",
                                    WRITE)
                            .onMedium()
                            .taking(CommandTimeouts.MEDIUM),
                    SupportedCommand.<DiskNexus>ofAction(
                                    "WRITE AND VERIFY (32)",
                                    "7f 04 00 00 00 00 00 18 00 0c f2 00 ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff",
                                    WRITE_AND_VERIFY)
                            .onMedium()
                            .taking(CommandTimeouts.MEDIUM),
                    SupportedCommand.<DiskNexus>ofAction(
                                    "WRITE SAME (32)",
                                    "7f 04 00 00 00 00 00 18 00 0d f9 00 ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff",
                                    WRITE_SAME)
                            .onMedium()
                            .taking(CommandTimeouts.WHOLE_DISK),
                    SupportedCommand.<DiskNexus>ofAction(
                                    "ORWRITE (32)",
                                    "7f 04 07 0f 00 00 00 18 00 0e f8 00 ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff",
                                    OR_WRITE)
                            .onMedium()
                            .taking(CommandTimeouts.MEDIUM),
                    SupportedCommand.<DiskNexus>ofAction(
                                    "GET LBA STATUS (32)",
                                    "7f 04 00 00 00 00 00 18 00 12 ff 00 ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff",
                                    GET_LBA_STATUS)
                            .onMedium()
                            .under(ReservationClass.READ)
                            .taking(CommandTimeouts.SECOND),
                    SupportedCommand.<DiskNexus>of("READ (16)", "88 f8 ff ff ff ff ff ff ff ff ff ff ff ff 00 04", READ)
                            .onMedium()
                            .under(ReservationClass.READ)
                            .taking(CommandTimeouts.MEDIUM),
                    SupportedCommand.<DiskNexus>of(
                                    "COMPARE AND WRITE",
                                    "89 f8 ff ff ff ff ff ff ff ff 00 00 00 ff 00 04",
                                    new CompareAndWrite())
                            .onMedium()
                            .taking(CommandTimeouts.MEDIUM),
                    SupportedCommand.<DiskNexus>of(
                                    "WRITE (16)", "8a f8 ff ff ff ff ff ff ff ff ff ff ff ff 00 04", WRITE)
                            .onMedium()
                            .taking(CommandTimeouts.MEDIUM),
                    SupportedCommand.<DiskNexus>of(
                                    "ORWRITE (16)", "8b f8 ff ff ff ff ff ff ff ff ff ff ff ff 00 04", OR_WRITE)
                            .onMedium()
                            .taking(CommandTimeouts.MEDIUM),
                    SupportedCommand.<DiskNexus>of(
                                    "WRITE AND VERIFY (16)",
                                    "8e f2 ff ff ff ff ff ff ff ff ff ff ff ff 00 04",
                                    WRITE_AND_VERIFY)
                            .onMedium()
                            .taking(CommandTimeouts.MEDIUM),
                    SupportedCommand.<DiskNexus>of(
                                    "VERIFY (16)", "8f f6 ff ff ff ff ff ff ff ff ff ff ff ff 00 04", VERIFY)
                            .onMedium()
                            .under(ReservationClass.READ)
                            .taking(CommandTimeouts.MEDIUM),
                    SupportedCommand.<DiskNexus>of(
                                    "PRE-FETCH (16)", "90 02 ff ff ff ff ff ff ff ff ff ff ff ff 00 04", PRE_FETCH)
                            .onMedium()
                            .under(ReservationClass.READ)
                            .taking(CommandTimeouts.SECOND),
                    SupportedCommand.<DiskNexus>of(
                                    "SYNCHRONIZE CACHE (16)",
                                    "91 02 ff ff ff ff ff ff ff ff ff ff ff ff 00 04",
                                    SYNCHRONIZE_CACHE)
                            .onMedium()
                            .taking(CommandTimeouts.MEDIUM),
                    SupportedCommand.<DiskNexus>of(
                                    "WRITE SAME (16)", "93 f9 ff ff ff ff ff ff ff ff ff ff ff ff 00 04", WRITE_SAME)
                            .onMedium()
                            .taking(CommandTimeouts.WHOLE_DISK),
                    SupportedCommand.<DiskNexus>of(
                                    "WRITE ATOMIC (16)",
                                    "9c f8 ff ff ff ff ff ff ff ff ff ff ff ff 00 04",
                                    new WriteAtomic())
                            .onMedium()
                            .taking(CommandTimeouts.MEDIUM),
                    SupportedCommand.<DiskNexus>ofAction(
                                    "READ CAPACITY (16)",
                                    "9e 10 ff ff ff ff ff ff ff ff ff ff ff ff 01 04",
                                    READ_CAPACITY)
                            .onMedium()
                            .under(ReservationClass.HARMLESS)
                            .taking(CommandTimeouts.SECOND),
                    SupportedCommand.<DiskNexus>ofAction(
                                    "GET LBA STATUS (16)",
                                    "9e 12 ff ff ff ff ff ff ff ff ff ff ff ff ff 04",
                                    GET_LBA_STATUS)
                            .onMedium()
                            .under(ReservationClass.READ)
                            .taking(CommandTimeouts.SECOND),
                    SupportedCommand.<DiskNexus>of("READ (12)", "a8 f8 ff ff ff ff ff ff ff ff 00 04", READ)
                            .onMedium()
                            .under(ReservationClass.READ)
                            .taking(CommandTimeouts.MEDIUM),
                    SupportedCommand.<DiskNexus>of("WRITE (12)", "aa f8 ff ff ff ff ff ff ff ff 00 04", WRITE)
                            .onMedium()
                            .taking(CommandTimeouts.MEDIUM),
                    SupportedCommand.<DiskNexus>of(
                                    "WRITE AND VERIFY (12)", "ae f2 ff ff ff ff ff ff ff ff 00 04", WRITE_AND_VERIFY)
                            .onMedium()
                            .taking(CommandTimeouts.MEDIUM),
                    SupportedCommand.<DiskNexus>of("VERIFY (12)", "af f6 ff ff ff ff ff ff ff ff 00 04", VERIFY)
                            .onMedium()
                            .under(ReservationClass.READ)
                            .taking(CommandTimeouts.MEDIUM),
                    SupportedCommand.<DiskNexus>of(
                                    "READ DEFECT DATA (12)", "b7 1f 00 00 00 00 ff ff ff ff 00 04", READ_DEFECT_DATA)
                            .onMedium()
                            .under(ReservationClass.READ)
                            .taking(CommandTimeouts.SECOND)));

    /** Those that a thinly provisioned disk has as well. */
    static final CommandSet<DiskNexus> THIN = new CommandSet<>(
            Standard.SBC_4,
            List.of(
                    SupportedCommand.<DiskNexus>ofAction(
                                    "SANITIZE (BLOCK ERASE)", "48 a2 00 00 00 00 00 ff ff 04", SANITIZE)
                            .taking(CommandTimeouts.WHOLE_DISK),
                    SupportedCommand.<DiskNexus>ofAction(
                                    "SANITIZE (CRYPTOGRAPHIC ERASE)", "48 a3 00 00 00 00 00 ff ff 04", SANITIZE)
                            .taking(CommandTimeouts.WHOLE_DISK),
                    SupportedCommand.<DiskNexus>of("UNMAP", "42 01 00 00 00 00 00 ff ff 04", new Unmap())
                            .onMedium()
                            .taking(CommandTimeouts.WHOLE_DISK)));

    private BlockCommands() {}
}
