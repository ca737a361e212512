package vmm.machine;

import java.util.OptionalInt;
import vmm.block.BlockOptions;
import vmm.machine.MachineRequest.Bus;
import vmm.machine.MachineRequest.Disk;

/** Fills in what was left open of a disk that has its place, and refuses what cannot be. */
final class DiskPlan {
    private static final int MAX_VIRTIO_SERIAL = 20;
    private static final int MAX_SCSI_SERIAL = 36;
    private static final int MAX_VENDOR = 8;
    private static final int MAX_PRODUCT = 16;
    private static final int MAX_PHYSICAL_BLOCK = 64 << 10;
    private static final String VENDOR = "VMM";
    private static final String PRODUCT = "VIRTUAL DISK";
    private static final String DRIVE_PRODUCT = "VIRTUAL CD-ROM";
    private static final int SMALLEST_BLOCK = 512;

    private DiskPlan() {}

    /**
     * The disk in full.
     *
     * @param node the name of what its image is
     */
    static DiskConfig plan(String id, String node, Disk disk, DiskAddress address, DiskLimits limits) {
        boolean cdrom = isDrive(id, disk, address);
        checkSharing(id, disk.image());
        if (address instanceof DiskAddress.Scsi units && units.isRange()) {
            checkRange(id, disk, units.places().getFirst());
        }
        int maxSerial = disk.bus() == Bus.SCSI ? MAX_SCSI_SERIAL : MAX_VIRTIO_SERIAL;
        String serial = disk.serial().orElse(id.substring(0, Math.min(id.length(), maxSerial)));
        return new DiskConfig(
                id,
                cdrom,
                disk.image().source().isEmpty() ? "" : node,
                disk.image(),
                ascii(id, "serial", serial, maxSerial),
                disk.wwn(),
                ascii(id, "vendor", disk.vendor().orElse(VENDOR), MAX_VENDOR),
                ascii(id, "product", disk.product().orElse(cdrom ? DRIVE_PRODUCT : PRODUCT), MAX_PRODUCT),
                logicalBlock(id, disk),
                physicalBlock(id, disk),
                disk.removable(),
                bootIndex(id, disk),
                address,
                disk.policy().withLimits(limits));
    }

    private static boolean isDrive(String id, Disk disk, DiskAddress address) {
        return switch (disk.kind()) {
            case DISK -> false;
            case CDROM -> {
                checkDrive(id, disk, address);
                yield true;
            }
            case LUN ->
                throw new ConfigurationException("Disk " + id
                        + " has type=lun, and this VMM passes no SCSI devices of the host through; leave type= out, and"
                        + " the guest gets the device's blocks as a disk.");
        };
    }

    private static void checkDrive(String id, Disk disk, DiskAddress address) {
        if (disk.logicalBlockSize() != SMALLEST_BLOCK
                || disk.physicalBlockSize().isPresent()) {
            throw new ConfigurationException(
                    "Disk " + id
                            + " is a CD-ROM drive, whose blocks have 2048 bytes; leave logical-block= and physical-block= out.");
        }
        if (address instanceof DiskAddress.Scsi units && units.isRange()) {
            throw new ConfigurationException(
                    "Disk " + id + " is a CD-ROM drive, of which there is one; give one target= and one lun=.");
        }
    }

    private static void checkSharing(String id, BlockOptions image) {
        if (image.shareable() && !image.readOnly() && image.format() == BlockOptions.Format.QCOW2) {
            throw new ConfigurationException("Disk " + id
                    + " is shareable, but only one virtual machine at a time can write a qcow2 image; use a raw image,"
                    + " or add readonly.");
        }
    }

    private static void checkRange(String id, Disk disk, LunRange place) {
        String where = "targets " + place.targets() + " and LUNs " + place.luns();
        if (!disk.image().source().startsWith("null:") || disk.image().shareable()) {
            throw new ConfigurationException("Disk " + id + " is a range (" + where
                    + "), in which each number is a disk of its own, and only null:SIZE makes so many; use that, or give"
                    + " one target= and one lun=.");
        }
        if (disk.bootIndex().isPresent()) {
            throw new ConfigurationException(
                    "Disk " + id + " is a range (" + where + "), from which nothing starts; leave boot= out.");
        }
        if (disk.wwn().isPresent()) {
            throw new ConfigurationException("Disk " + id + " is a range (" + where
                    + "), and a world wide name is for one disk; leave wwn= out.");
        }
    }

    private static OptionalInt bootIndex(String id, Disk disk) {
        OptionalInt index = disk.bootIndex();
        if (index.isPresent() && index.getAsInt() < 0) {
            throw new ConfigurationException("Disk " + id + " has boot=" + index.getAsInt()
                    + ", but the disk to start from first has boot=1, the next boot=2; change it.");
        }
        return index;
    }

    private static int logicalBlock(String id, Disk disk) {
        int size = disk.logicalBlockSize();
        if (size != SMALLEST_BLOCK && size != 4096) {
            throw new ConfigurationException(
                    "Disk " + id + " wants logical blocks of " + size + " bytes; logical-block= takes 512 or 4096.");
        }
        return size;
    }

    private static int physicalBlock(String id, Disk disk) {
        int size = disk.physicalBlockSize().orElse(disk.logicalBlockSize());
        if (Integer.bitCount(size) != 1 || size < disk.logicalBlockSize() || size > MAX_PHYSICAL_BLOCK) {
            throw new ConfigurationException("Disk " + id + " wants physical blocks of " + size
                    + " bytes; physical-block= takes a power of two from " + disk.logicalBlockSize() + " to "
                    + MAX_PHYSICAL_BLOCK + ".");
        }
        return size;
    }

    private static String ascii(String id, String key, String value, int max) {
        if (value.length() > max || !value.chars().allMatch(c -> c >= ' ' && c <= '~')) {
            throw new ConfigurationException("Disk " + id + " has " + key + "=" + value + ", which must be at most "
                    + max + " printable ASCII characters; shorten or change it.");
        }
        return value;
    }
}
