package vmm.virtio.blk;

import java.nio.charset.StandardCharsets;
import vmm.virtio.RingFeatures;

/**
 * What a user chooses of a virtio block device.
 *
 * @param id what people call the device, as {@code drive0}
 * @param serial what VIRTIO_BLK_T_GET_ID answers: up to {@value #SERIAL_SIZE} ASCII characters
 * @param logicalBlock the unit that drivers should use, in bytes: 512 or 4096
 * @param physicalBlock the unit that the disk handles best, in bytes: a power of two from {@code logicalBlock} to 64
 *     KiB
 * @param queues the number of request queues, one for each vCPU being best
 * @param queueSize the largest size of each queue: a power of two from 4 to 1024
 * @param rings the features of the queues
 */
public record BlkConfig(
        String id, String serial, int logicalBlock, int physicalBlock, int queues, int queueSize, RingFeatures rings) {
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
        check(
                logicalBlock == 512 || logicalBlock == 4096,
                "A logical block has 512 or 4096 bytes, not " + logicalBlock);
        check(
                Integer.bitCount(physicalBlock) == 1 && physicalBlock >= logicalBlock && physicalBlock <= 65536,
                "A physical block of " + physicalBlock + " bytes does not fit logical ones of " + logicalBlock);
        check(queues >= 1 && queues <= MAX_QUEUES, "A device has 1 to 256 queues, not " + queues);
        check(
                Integer.bitCount(queueSize) == 1 && queueSize >= 4 && queueSize <= MAX_QUEUE_SIZE,
                "A queue has 4 to 1024 descriptors, a power of two, not " + queueSize);
    }

    /** A disk whose queues have the usual features. */
    public BlkConfig(String id, String serial, int logicalBlock, int physicalBlock, int queues, int queueSize) {
        this(id, serial, logicalBlock, physicalBlock, queues, queueSize, RingFeatures.DEFAULT);
    }

    /** A disk with blocks of 512 bytes and one queue of 256 descriptors. */
    public static BlkConfig of(String id, String serial) {
        return new BlkConfig(id, serial, 512, 512, 1, 256);
    }

    /** The same disk with other features of its queues. */
    public BlkConfig withRings(RingFeatures other) {
        return new BlkConfig(id, serial, logicalBlock, physicalBlock, queues, queueSize, other);
    }

    private static void check(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message + ".");
        }
    }
}
