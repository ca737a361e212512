package vmm.machine;

import vmm.scsi.LogicalUnitCounters;

/**
 * What a disk has done in this life of its machine.
 *
 * @param reads how often it was read with success
 * @param bytesRead how much that was
 * @param writes how often it was written with success
 * @param bytesWritten how much that was
 * @param flushes how often it was flushed; 0 for SCSI disks, which do not count it
 * @param errors requests that the storage could not do
 */
public record DiskCounters(long reads, long bytesRead, long writes, long bytesWritten, long flushes, long errors) {
    /** Of a SCSI disk. */
    static DiskCounters of(LogicalUnitCounters unit) {
        return new DiskCounters(
                unit.reads(),
                unit.bytesRead(),
                unit.writes(),
                unit.bytesWritten(),
                0,
                unit.readErrors() + unit.writeErrors());
    }

    /** The sum. */
    DiskCounters plus(DiskCounters other) {
        return new DiskCounters(
                reads + other.reads,
                bytesRead + other.bytesRead,
                writes + other.writes,
                bytesWritten + other.bytesWritten,
                flushes + other.flushes,
                errors + other.errors);
    }
}
