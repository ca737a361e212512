package vmm.machine;

import java.util.OptionalInt;
import java.util.OptionalLong;
import vmm.block.BlockOptions;

/**
 * A disk.
 *
 * @param id its name among the machine's disks
 * @param cdrom true for a CD-ROM drive, whose disc the image is; SCSI only
 * @param image what keeps its data, and how it is opened; the source of an empty drive is empty
 * @param serial its serial number, printable ASCII: at most 20 characters for virtio-blk and 36 for SCSI
 * @param wwn its NAA identifier (SPC-5 7.7.6.6.1), if it has one; SCSI only
 * @param vendor the T10 vendor identification, at most 8 characters; SCSI only
 * @param product the product identification, at most 16 characters; SCSI only
 * @param logicalBlockSize 512 or 4096
 * @param physicalBlockSize a power of two, not below the logical block size
 * @param removable true if the guest is told that the medium can be taken out; SCSI only
 * @param bootIndex its place among the disks that firmware tries to start from, if it has one
 * @param address where the guest finds it
 * @param policy how its requests are treated; disks of one throttle group have the same limits
 */
public record DiskConfig(
        String id,
        boolean cdrom,
        BlockOptions image,
        String serial,
        OptionalLong wwn,
        String vendor,
        String product,
        int logicalBlockSize,
        int physicalBlockSize,
        boolean removable,
        OptionalInt bootIndex,
        DiskAddress address,
        DiskPolicy policy) {}
