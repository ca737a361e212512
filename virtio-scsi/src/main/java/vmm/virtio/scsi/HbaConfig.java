package vmm.virtio.scsi;

import vmm.virtio.RingFeatures;

/**
 * What a user chooses of a virtio SCSI host.
 *
 * @param id what people call the device, as {@code scsi0}
 * @param queues the number of request queues, one for each vCPU being best: 1 to {@value #MAX_QUEUES}
 * @param queueSize the largest size of each queue: a power of two from 4 to {@value #MAX_QUEUE_SIZE}
 * @param rings the features of the queues
 */
public record HbaConfig(String id, int queues, int queueSize, RingFeatures rings) {
    /** The most request queues. */
    public static final int MAX_QUEUES = 256;

    /** The most descriptors of a queue: Linux moves no more buffers with one system call. */
    public static final int MAX_QUEUE_SIZE = 1024;

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException if a value is outside its range
     */
    public HbaConfig {
        if (queues < 1 || queues > MAX_QUEUES) {
            throw new IllegalArgumentException("A controller has 1 to 256 request queues, not " + queues + ".");
        }
        if (Integer.bitCount(queueSize) != 1 || queueSize < 4 || queueSize > MAX_QUEUE_SIZE) {
            throw new IllegalArgumentException(
                    "A queue has 4 to 1024 descriptors, a power of two, not " + queueSize + ".");
        }
    }

    /** A controller whose queues have the usual features. */
    public HbaConfig(String id, int queues, int queueSize) {
        this(id, queues, queueSize, RingFeatures.DEFAULT);
    }

    /** A controller with queues of 256 descriptors. */
    public static HbaConfig of(String id, int queues) {
        return new HbaConfig(id, queues, 256);
    }

    /** The same controller with other features of its queues. */
    public HbaConfig withRings(RingFeatures other) {
        return new HbaConfig(id, queues, queueSize, other);
    }

    /** As many data buffers as fit into a queue beside those of a request and its response. */
    int segMax() {
        return queueSize - 2;
    }
}
