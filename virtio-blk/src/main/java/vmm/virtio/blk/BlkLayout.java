package vmm.virtio.blk;

import java.util.Optional;

/**
 * In which units a disk is best used.
 *
 * @param logicalBlock the unit of all requests, in bytes: 512 or 4096
 * @param physicalBlock the unit that the disk handles best, in bytes: a power of two from {@code logicalBlock} to 64
 *     KiB
 * @param optimalIo the size of request that the disk handles best, in bytes: a multiple of {@code logicalBlock}, or 0
 *     if there is none
 * @param geometry cylinders, heads and sectors; what ATA disks of that size have if empty
 */
public record BlkLayout(int logicalBlock, int physicalBlock, int optimalIo, Optional<ChsGeometry> geometry) {
    private static final int MAX_PHYSICAL_BLOCK = 64 << 10;

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException if a value is outside its range
     */
    public BlkLayout {
        BlkConfig.check(
                logicalBlock == 512 || logicalBlock == 4096,
                "A logical block has 512 or 4096 bytes, not " + logicalBlock);
        BlkConfig.check(
                Integer.bitCount(physicalBlock) == 1
                        && physicalBlock >= logicalBlock
                        && physicalBlock <= MAX_PHYSICAL_BLOCK,
                "A physical block of " + physicalBlock + " bytes does not fit logical ones of " + logicalBlock);
        BlkConfig.check(
                optimalIo >= 0 && optimalIo % logicalBlock == 0,
                "Requests of " + optimalIo + " bytes are no whole logical blocks of " + logicalBlock);
    }

    /** Blocks of one size, and nothing else. */
    public static BlkLayout of(int logicalBlock, int physicalBlock) {
        return new BlkLayout(logicalBlock, physicalBlock, 0, Optional.empty());
    }
}
