package vmm.scsi.block;

/**
 * How a disk is divided into blocks.
 *
 * @param logicalBlock the logical block length in bytes (SBC-4): 512 or 4096
 * @param physicalBlock the physical block length in bytes: a power of two from {@code logicalBlock} to 1 MiB
 */
public record DiskGeometry(int logicalBlock, int physicalBlock) {
    private static final int LARGEST_PHYSICAL_BLOCK = 1 << 20;

    /** Blocks of 512 bytes. */
    public static final DiskGeometry DEFAULT = new DiskGeometry(512, 512);

    /**
     * Checks both lengths.
     *
     * @throws IllegalArgumentException if one is not as described
     */
    public DiskGeometry {
        if (logicalBlock != 512 && logicalBlock != 4096) {
            throw new IllegalArgumentException(
                    "A logical block of " + logicalBlock + " bytes is neither 512 nor 4096.");
        }
        if (physicalBlock < logicalBlock
                || physicalBlock > LARGEST_PHYSICAL_BLOCK
                || Integer.bitCount(physicalBlock) != 1) {
            throw new IllegalArgumentException("A physical block of " + physicalBlock
                    + " bytes is no power of two from " + logicalBlock + " to " + LARGEST_PHYSICAL_BLOCK + ".");
        }
    }

    /** The logical block length as a power of two. */
    int shift() {
        return Integer.numberOfTrailingZeros(logicalBlock);
    }

    /** LOGICAL BLOCKS PER PHYSICAL BLOCK EXPONENT (SBC-4 5.21). */
    int physicalExponent() {
        return Integer.numberOfTrailingZeros(physicalBlock / logicalBlock);
    }
}
