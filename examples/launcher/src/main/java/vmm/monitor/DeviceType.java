package vmm.monitor;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The kinds of device that come and go, by QEMU's names, with those of QEMU's properties that mean something here. */
enum DeviceType {
    SCSI_HD("scsi-hd"),
    SCSI_CD("scsi-cd"),
    VIRTIO_BLK("virtio-blk-pci"),
    VIRTIO_SCSI("virtio-scsi-pci");

    private final String driver;

    /** What the kinds have in common, and each by itself. */
    private static final class Properties {
        private static final long OPEN = 0xffff_ffffL;
        private static final String ON_OFF = "on/off";
        private static final String ON_OFF_AUTO = "on/off/auto";
        private static final String POLICY = "Error handling policy, report/ignore/enospc/stop/auto";
        private static final String BLOCK = "A power of two between 512 B and 2 MiB";

        private static final List<Property> SCSI = List.of(
                Property.of("channel", PropertyType.UINT32, 0),
                Property.of("scsi-id", PropertyType.UINT32, OPEN),
                Property.of("lun", PropertyType.UINT32, OPEN),
                Property.of("wwn", PropertyType.UINT64, 0),
                new Property("x-wwn", PropertyType.STR, null, "Any world wide name, naa.DIGITS/eui.DIGITS"),
                Property.of("vendor", PropertyType.STR),
                Property.of("product", PropertyType.STR));

        private static final List<Property> DISK = List.of(
                Property.of("removable", PropertyType.BOOL, false, ON_OFF),
                Property.of("x-protection", PropertyType.UINT16, 0, "Type of protection information, 0/1/3"));

        private static final List<Property> REPORTED = List.of(
                new Property("drive", PropertyType.STR, null, "Node name or ID of a block device to use as a backend"),
                Property.of("serial", PropertyType.STR),
                Property.of("share-rw", PropertyType.BOOL, false),
                Property.of("rerror", PropertyType.ON_ERROR, "auto", POLICY),
                Property.of("werror", PropertyType.ON_ERROR, "auto", POLICY),
                Property.of("bootindex", PropertyType.INT32));

        private static final List<Property> SIZED = List.of(
                Property.of("logical_block_size", PropertyType.SIZE, 0, BLOCK),
                Property.of("physical_block_size", PropertyType.SIZE, 0, BLOCK));

        private static final List<Property> PCI = List.of(
                Property.of("addr", PropertyType.ADDRESS, -1, "Slot and optional function number, example: 06.0 or 06"),
                Property.of("multifunction", PropertyType.BOOL, false, ON_OFF),
                Property.of("disable-legacy", PropertyType.ON_OFF_AUTO, "auto", ON_OFF_AUTO),
                Property.of("disable-modern", PropertyType.BOOL, false),
                Property.of("iothread", PropertyType.IOTHREAD),
                Property.of("packed", PropertyType.BOOL, false, ON_OFF),
                Property.of("indirect_desc", PropertyType.BOOL, true, ON_OFF),
                Property.of("event_idx", PropertyType.BOOL, true, ON_OFF),
                Property.of("queue_reset", PropertyType.BOOL, true, ON_OFF),
                Property.of("in_order", PropertyType.BOOL, false, ON_OFF),
                Property.of("notification_data", PropertyType.BOOL, false, ON_OFF));

        private static final List<Property> BLK = List.of(
                Property.of("num-queues", PropertyType.UINT16, 0xffff),
                Property.of("x-secure-erase", PropertyType.BOOL, false, ON_OFF));

        private static final List<Property> HBA = List.of(
                Property.of("num_queues", PropertyType.UINT32, OPEN),
                Property.of("virtqueue_size", PropertyType.UINT32, 256),
                Property.of("cmd_per_lun", PropertyType.UINT32, 128),
                Property.of("max_sectors", PropertyType.UINT32, 65535),
                Property.of("x-seg-max", PropertyType.UINT32));

        private Properties() {}
    }

    DeviceType(String driver) {
        this.driver = driver;
    }

    /** The kind that QEMU calls so. */
    static Optional<DeviceType> of(String driver) {
        return Stream.of(values()).filter(type -> type.driver.equals(driver)).findFirst();
    }

    String driver() {
        return driver;
    }

    boolean isOnPciBus() {
        return this == VIRTIO_BLK || this == VIRTIO_SCSI;
    }

    /** What whoever plugs one may choose. */
    List<Property> properties() {
        List<List<Property>> groups = switch (this) {
            case SCSI_HD -> List.of(Properties.SCSI, Properties.REPORTED, Properties.SIZED, Properties.DISK);
            case SCSI_CD -> List.of(Properties.SCSI, Properties.REPORTED);
            case VIRTIO_BLK -> List.of(Properties.PCI, Properties.REPORTED, Properties.SIZED, Properties.BLK);
            case VIRTIO_SCSI -> List.of(Properties.PCI, Properties.HBA);
        };
        return groups.stream().flatMap(List::stream).toList();
    }

    Optional<Property> property(String name) {
        return properties().stream().filter(each -> each.name().equals(name)).findFirst();
    }
}
