package vmm.virtio.scsi;

/** Feature bits of a virtio SCSI host (virtio 1.3 5.6.3). */
final class HbaFeatures {
    /** A request may have both data-out and data-in. */
    static final long INOUT = 1 << 0;

    /** The driver wants to hear of logical units that come and go. */
    static final long HOTPLUG = 1 << 1;

    /** The driver wants to hear of changed parameters. */
    static final long CHANGE = 1 << 2;

    /** Requests carry protection information beside their data. */
    static final long T10_PI = 1 << 3;

    /** What every device offers. */
    static final long ALWAYS = INOUT | HOTPLUG | CHANGE;

    private HbaFeatures() {}
}
