package vmm.virtio.scsi;

import vmm.scsi.TransportId;
import vmm.virtio.RingFeatures;

/**
 * What a user chooses of a virtio SCSI host.
 *
 * @param id what people call the device, as {@code scsi0}
 * @param queues the number of request queues, one for each vCPU being best: 1 to {@value #MAX_QUEUES}
 * @param queueSize the largest size of each queue: a power of two from 4 to {@value #MAX_QUEUE_SIZE}
 * @param rings the features of the queues
 * @param cmdPerLun how many commands a driver should have in flight to one logical unit: 1 to {@value #MAX_CMD_PER_LUN}
 * @param maxSectors how many sectors of 512 bytes a driver should ask for at once: {@value #MIN_SECTORS} to
 *     {@value #MAX_SECTORS}
 * @param segMax over how many buffers a driver may scatter the data of a command: 1 to the queue size without two, for
 *     request and response
 * @param initiatorPort who the controller is to logical units, as in reservations
 */
public record HbaConfig(
        String id,
        int queues,
        int queueSize,
        RingFeatures rings,
        int cmdPerLun,
        int maxSectors,
        int segMax,
        TransportId initiatorPort) {
    /** The most request queues. */
    public static final int MAX_QUEUES = 256;

    /** The most descriptors of a queue: Linux moves no more buffers with one system call. */
    public static final int MAX_QUEUE_SIZE = 1024;

    /** The largest {@code cmd_per_lun}; no queue is that long. */
    public static final int MAX_CMD_PER_LUN = 65535;

    /** The least {@code max_sectors}: a page. */
    public static final int MIN_SECTORS = 8;

    /** The {@code max_sectors} that drivers take it for if nothing is said. */
    public static final int USUAL_SECTORS = 65535;

    /** The largest {@code max_sectors}: 512 MiB. */
    public static final int MAX_SECTORS = 1 << 20;

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
        check("cmd_per_lun", cmdPerLun, 1, MAX_CMD_PER_LUN);
        check("max_sectors", maxSectors, MIN_SECTORS, MAX_SECTORS);
        check("seg_max", segMax, 1, queueSize - 2);
    }

    private static void check(String field, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(field + " is " + least + " to " + most + ", not " + value + ".");
        }
    }

    /** A controller that limits a driver no more than its queues do. */
    public HbaConfig(String id, int queues, int queueSize, RingFeatures rings) {
        this(id, queues, queueSize, rings, queueSize, USUAL_SECTORS, queueSize - 2, TransportId.unnamed());
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
        return new HbaConfig(id, queues, queueSize, other, cmdPerLun, maxSectors, segMax, initiatorPort);
    }

    /** The same controller with other limits. */
    public HbaConfig withLimits(int newCmdPerLun, int newMaxSectors, int newSegMax) {
        return new HbaConfig(id, queues, queueSize, rings, newCmdPerLun, newMaxSectors, newSegMax, initiatorPort);
    }

    /** The same controller by another name. */
    public HbaConfig withInitiatorPort(TransportId other) {
        return new HbaConfig(id, queues, queueSize, rings, cmdPerLun, maxSectors, segMax, other);
    }
}
