package vmm.scsi.block;

import java.util.List;
import java.util.concurrent.TimeUnit;
import vmm.block.StorageSpace;
import vmm.scsi.LogicalUnitCounters;
import vmm.scsi.ParameterData;
import vmm.scsi.primary.LogPage;
import vmm.scsi.primary.LogParameters;

/** The log pages of a disk (SPC-5 7.3, SBC-4 6.4). What a virtual disk does not have is zero, or said to be unknown. */
final class DiskLogPages {
    private static final int WRITE_ERRORS = 0x02;
    private static final int READ_ERRORS = 0x03;
    private static final int STATISTICS = 0x19;

    /** In ascending order. */
    static final List<LogPage<DiskNexus>> ALL = List.of(
            counting(WRITE_ERRORS, (nexus, log) -> {
                LogicalUnitCounters done = nexus.unit().logged(WRITE_ERRORS);
                errors(log, done.bytesWritten(), done.writeErrors());
            }),
            counting(READ_ERRORS, (nexus, log) -> {
                LogicalUnitCounters done = nexus.unit().logged(READ_ERRORS);
                errors(log, done.bytesRead(), done.readErrors());
            }),
            new LogPage<>(0x05, 0, (nexus, log) -> errors(log, 0, 0)),
            new LogPage<>(0x06, 0, (nexus, log) -> log.counter(0, Long.BYTES, 0)),
            new LogPage<DiskNexus>(0x0c, 0, DiskLogPages::logicalBlockProvisioning)
                    .where(nexus -> nexus.unit().thresholds() != null),
            new LogPage<>(0x0d, 0, DiskLogPages::temperature),
            new LogPage<>(0x0e, 0, DiskLogPages::startStopCycles),
            new LogPage<>(0x15, 0, DiskLogPages::backgroundScan),
            counting(STATISTICS, DiskLogPages::generalStatistics),
            new LogPage<>(0x2f, 0, DiskLogPages::informationalExceptions));

    private static final long STARTED = System.nanoTime();
    private static final int UNKNOWN_TEMPERATURE = 0xff;

    private DiskLogPages() {}

    private static LogPage<DiskNexus> counting(int code, LogPage.Content<DiskNexus> content) {
        return new LogPage<>(code, 0, content).resetBy(nexus -> nexus.unit().resetLog(code));
    }

    /** Write, Read and Verify Error Counters (SPC-5 7.3.21, 7.3.15, 7.3.20). */
    private static void errors(LogParameters log, long bytes, long uncorrected) {
        int correctedWithoutDelay = 0;
        int totalCorrected = 3;
        for (int code = correctedWithoutDelay; code <= totalCorrected + 1; code++) {
            log.counter(code, Long.BYTES, 0);
        }
        log.counter(5, Long.BYTES, bytes).counter(6, Long.BYTES, uncorrected);
    }

    /** Logical Block Provisioning (SBC-4 6.4.5). */
    private static void logicalBlockProvisioning(DiskNexus nexus, LogParameters log) {
        ProvisioningThresholds thresholds = nexus.unit().thresholds();
        StorageSpace space = thresholds == null ? null : thresholds.blocks().orElse(null);
        if (thresholds != null && space != null) {
            // SCOPE: what is left is for others on the same file system, too
            log.list(1, resources(thresholds.sets(space.available()), 0b10));
            log.list(2, resources(thresholds.sets(space.used()), 0b01));
        }
    }

    private static ParameterData resources(long sets, int scope) {
        return new ParameterData().u32(sets).u8(scope).zeros(3);
    }

    /** Temperature (SPC-5 7.3.19). */
    private static void temperature(DiskNexus nexus, LogParameters log) {
        log.list(0, new ParameterData().u8(0).u8(UNKNOWN_TEMPERATURE));
        log.list(1, new ParameterData().u8(0).u8(UNKNOWN_TEMPERATURE));
    }

    /** Start-Stop Cycle Counter (SPC-5 7.3.16). */
    private static void startStopCycles(DiskNexus nexus, LogParameters log) {
        DiskMechanics disk = nexus.unit().mechanics();
        log.list(4, new ParameterData().u32(disk.stops())).list(6, new ParameterData().u32(disk.ejections()));
    }

    /** Background Scan (SBC-4 6.4.2): none is ever made. */
    private static void backgroundScan(DiskNexus nexus, LogParameters log) {
        long minutes = TimeUnit.NANOSECONDS.toMinutes(System.nanoTime() - STARTED);
        log.list(0, new ParameterData().u32(minutes).zeros(8));
    }

    /** General Statistics and Performance (SPC-5 7.3.8); times are not measured. */
    private static void generalStatistics(DiskNexus nexus, LogParameters log) {
        LogicalUnitCounters done = nexus.unit().logged(STATISTICS);
        int shift = nexus.unit().geometry().shift();
        ParameterData access = new ParameterData();
        access.u64(done.reads()).u64(done.writes());
        access.u64(done.bytesWritten() >>> shift)
                .u64(done.bytesRead() >>> shift)
                .zeros(32);
        log.counters(1, access);
        log.counters(2, new ParameterData().u64(0));
        // An interval is a millisecond: one times ten to the power of minus three
        log.list(3, new ParameterData().u32(3).u32(1));
    }

    /** Informational Exceptions (SPC-5 7.3.9): none. */
    private static void informationalExceptions(DiskNexus nexus, LogParameters log) {
        log.list(0, new ParameterData().u16(0).u8(UNKNOWN_TEMPERATURE).u8(0));
    }
}
