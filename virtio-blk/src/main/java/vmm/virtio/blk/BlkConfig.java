package vmm.virtio.blk;

import java.nio.charset.StandardCharsets;
import vmm.virtio.RingFeatures;

/**
 * What a user chooses of a virtio block device.
 *
 * @param id what people call the device, as {@code drive0}
 * @param serial what VIRTIO_BLK_T_GET_ID answers: up to {@value #SERIAL_SIZE} ASCII characters
 * @param layout in which units the disk is used
 * @param writeCache true if the disk's cache is in writeback mode after a reset, false for writethrough mode, in which
 *     a write is stable when it is answered; the driver may change it
 * @param secureErase true if VIRTIO_BLK_T_SECURE_ERASE is offered, which overwrites its ranges
 * @param queues the number of request queues, one for each vCPU being best: 1 to {@value #MAX_QUEUES}
 * @param queueSize the largest size of each queue: a power of two from 4 to {@value #MAX_QUEUE_SIZE}
 * @param rings the features of the queues
 */
public record BlkConfig(
        String id,
        String serial,
        BlkLayout layout,
        boolean writeCache,
        boolean secureErase,
        int queues,
        int queueSize,
        RingFeatures rings) {
    /** The most bytes of a serial number (virtio 1.3 5.2.6). */
    public static final int SERIAL_SIZE = 20;

    /** The most request queues. */
    public static final int MAX_QUEUES = 256;

    /** The most descriptors of a queue: Linux moves no more buffers with one system call. */
    public static final int MAX_QUEUE_SIZE = 1024;

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException if a value is outside its range
     */
    public BlkConfig {
        check(
                serial.length() <= SERIAL_SIZE
                        && StandardCharsets.US_ASCII.newEncoder().canEncode(serial),
                "A serial number has up to 20 ASCII characters, not " + serial);
        check(queues >= 1 && queues <= MAX_QUEUES, "A device has 1 to 256 queues, not " + queues);
        check(
                Integer.bitCount(queueSize) == 1 && queueSize >= 4 && queueSize <= MAX_QUEUE_SIZE,
                "A queue has 4 to 1024 descriptors, a power of two, not " + queueSize);
    }

    /** A disk with a write cache, blocks of 512 bytes and one queue of 256 descriptors with the usual features. */
    public static BlkConfig of(String id, String serial) {
        return new BlkConfig(id, serial, BlkLayout.of(512, 512), true, false, 1, 256, RingFeatures.DEFAULT);
    }

    /** The same disk used in other units. */
    public BlkConfig withLayout(BlkLayout other) {
        return new BlkConfig(id, serial, other, writeCache, secureErase, queues, queueSize, rings);
    }

    /** The same disk with its cache in another mode. */
    public BlkConfig withWriteCache(boolean writeback) {
        return new BlkConfig(id, serial, layout, writeback, secureErase, queues, queueSize, rings);
    }

    /** The same disk with or without VIRTIO_BLK_T_SECURE_ERASE. */
    public BlkConfig withSecureErase(boolean offered) {
        return new BlkConfig(id, serial, layout, writeCache, offered, queues, queueSize, rings);
    }

    /** The same disk with other queues. */
    public BlkConfig withQueues(int number, int size) {
        return new BlkConfig(id, serial, layout, writeCache, secureErase, number, size, rings);
    }

    /** The same disk with other features of its queues. */
    public BlkConfig withRings(RingFeatures other) {
        return new BlkConfig(id, serial, layout, writeCache, secureErase, queues, queueSize, other);
    }

    static void check(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message + ".");
        }
    }
}
