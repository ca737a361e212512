package vmm.machine;

import java.util.OptionalLong;

/**
 * A disk.
 *
 * @param id its name among the machine's disks
 * @param source what keeps its data: the path of a raw image, {@code null:SIZE} or {@code mem:SIZE}
 * @param readOnly true if the guest may not write
 * @param serial its serial number, printable ASCII: at most 20 characters for virtio-blk and 36 for SCSI
 * @param wwn its NAA identifier (SPC-5 7.7.6.6.1), if it has one; SCSI only
 * @param vendor the T10 vendor identification, at most 8 characters; SCSI only
 * @param product the product identification, at most 16 characters; SCSI only
 * @param logicalBlockSize 512 or 4096
 * @param physicalBlockSize a power of two, not below the logical block size
 * @param address where the guest finds it
 */
public record DiskConfig(
        String id,
        String source,
        boolean readOnly,
        String serial,
        OptionalLong wwn,
        String vendor,
        String product,
        int logicalBlockSize,
        int physicalBlockSize,
        DiskAddress address) {}
