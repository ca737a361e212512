package vmm.machine;

import java.util.Optional;
import java.util.OptionalInt;
import vmm.block.BlockOptions;
import vmm.scsi.WorldWideName;

/**
 * A disk.
 *
 * @param id its name among the machine's disks
 * @param cdrom true for a CD-ROM drive, whose disc the image is; SCSI only
 * @param node the name of the node that its image is
 * @param image what keeps its data, and how it is opened; the source of an empty drive is empty
 * @param serial its serial number, printable ASCII: at most 20 characters for virtio-blk and 36 for SCSI
 * @param wwn its world wide name, if it was given one; SCSI only
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
        String node,
        BlockOptions image,
        String serial,
        Optional<WorldWideName> wwn,
        String vendor,
        String product,
        int logicalBlockSize,
        int physicalBlockSize,
        boolean removable,
        OptionalInt bootIndex,
        DiskAddress address,
        DiskPolicy policy) {
    /** The same with another disc. */
    DiskConfig withMedium(String otherNode, BlockOptions other) {
        return new DiskConfig(
                id,
                cdrom,
                otherNode,
                other,
                serial,
                wwn,
                vendor,
                product,
                logicalBlockSize,
                physicalBlockSize,
                removable,
                bootIndex,
                address,
                policy);
    }

    /** The same at another address. */
    DiskConfig withAddress(DiskAddress other) {
        return new DiskConfig(
                id,
                cdrom,
                node,
                image,
                serial,
                wwn,
                vendor,
                product,
                logicalBlockSize,
                physicalBlockSize,
                removable,
                bootIndex,
                other,
                policy);
    }

    /** The same with other limits. */
    DiskConfig withLimits(DiskLimits limits) {
        return new DiskConfig(
                id,
                cdrom,
                node,
                image,
                serial,
                wwn,
                vendor,
                product,
                logicalBlockSize,
                physicalBlockSize,
                removable,
                bootIndex,
                address,
                policy.withLimits(limits));
    }

    /** True if it is behind the controller of that index, by whichever of its ways. */
    boolean isBehind(int controller) {
        return address instanceof DiskAddress.Scsi scsi
                && scsi.places().stream().anyMatch(place -> place.controller() == controller);
    }
}
