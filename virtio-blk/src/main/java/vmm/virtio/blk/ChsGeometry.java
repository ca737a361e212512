package vmm.virtio.blk;

/**
 * A disk in cylinders, heads and sectors, for software that still thinks so.
 *
 * @param cylinders 1 to 65535
 * @param heads of each cylinder: 1 to 255
 * @param sectors of 512 bytes of each head: 1 to 255
 */
public record ChsGeometry(int cylinders, int heads, int sectors) {
    private static final int USUAL_HEADS = 16;
    private static final int USUAL_SECTORS = 63;
    private static final int USUAL_CYLINDERS = 16383;

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException if a value is outside its range
     */
    public ChsGeometry {
        if (cylinders < 1 || cylinders > 65535 || heads < 1 || heads > 255 || sectors < 1 || sectors > 255) {
            throw new IllegalArgumentException("A disk has 1 to 65535 cylinders, 1 to 255 heads and 1 to 255 sectors,"
                    + " not " + cylinders + "/" + heads + "/" + sectors + ".");
        }
    }

    /**
     * What ATA disks say of themselves: 16 heads, 63 sectors, and cylinders as far as they go.
     *
     * @param capacity in sectors of 512 bytes
     * @param logicalBlock in bytes: a track has whole ones only
     */
    static ChsGeometry of(long capacity, int logicalBlock) {
        int sectorsPerBlock = logicalBlock / BlkConfigSpace.SECTOR;
        int sectors = USUAL_SECTORS - USUAL_SECTORS % sectorsPerBlock;
        long cylinders = capacity / ((long) USUAL_HEADS * sectors);
        return new ChsGeometry(Math.clamp(cylinders, 1, USUAL_CYLINDERS), USUAL_HEADS, sectors);
    }
}
