package vmm.virtio.blk;

import vmm.block.BlockDevice;

/**
 * Feature bits of a block device (virtio 1.3 5.2.3).
 *
 * <p>The two that only the legacy interface has, VIRTIO_BLK_F_BARRIER and VIRTIO_BLK_F_SCSI, are not offered there
 * either: flushes have replaced barriers, and disks that take SCSI commands belong behind a SCSI controller.
 */
public final class BlkFeatures {
    /** {@code size_max} counts. */
    public static final long SIZE_MAX = 1L << 1;

    /** {@code seg_max} counts. */
    public static final long SEG_MAX = 1L << 2;

    /** {@code geometry} counts. */
    public static final long GEOMETRY = 1L << 4;

    /** Writes fail. */
    public static final long RO = 1L << 5;

    /** {@code blk_size} counts. */
    public static final long BLK_SIZE = 1L << 6;

    /** VIRTIO_BLK_T_FLUSH is known, and writes may stay in a volatile cache until then. */
    public static final long FLUSH = 1L << 9;

    /** {@code topology} counts. */
    public static final long TOPOLOGY = 1L << 10;

    /** {@code writeback} counts, and the driver may write it. */
    public static final long CONFIG_WCE = 1L << 11;

    /** {@code num_queues} counts. */
    public static final long MQ = 1L << 12;

    /** VIRTIO_BLK_T_DISCARD is known. */
    public static final long DISCARD = 1L << 13;

    /** VIRTIO_BLK_T_WRITE_ZEROES is known. */
    public static final long WRITE_ZEROES = 1L << 14;

    /** VIRTIO_BLK_T_GET_LIFETIME is known. */
    public static final long LIFETIME = 1L << 15;

    /** VIRTIO_BLK_T_SECURE_ERASE is known. */
    public static final long SECURE_ERASE = 1L << 16;

    private BlkFeatures() {}

    /** What a device offers in front of {@code disk}, but for the features of its rings. */
    static long offered(BlkConfig config, BlockDevice disk) {
        boolean writable = !disk.readOnly();
        return SIZE_MAX
                | SEG_MAX
                | GEOMETRY
                | BLK_SIZE
                | FLUSH
                | TOPOLOGY
                | CONFIG_WCE
                | (writable ? WRITE_ZEROES : RO)
                | (config.queues() > 1 ? MQ : 0)
                | (writable && disk.discardGranularity() > 0 ? DISCARD : 0)
                | (writable && config.secureErase() ? SECURE_ERASE : 0)
                // virtio 1.3 5.2.6.2: never without storage that knows its wear
                | (disk.lifetime().isPresent() ? LIFETIME : 0);
    }
}
