package vmm.scsi.block;

/** What a command may ask for at most, as the Block Limits page says it (SBC-4 6.6.4); in blocks. */
final class DiskLimits {
    /** Of the commands that move data. */
    static final int MAXIMUM_TRANSFER_LENGTH = 1 << 16;

    /** All that its CDB can say (SBC-4 5.3). */
    static final int MAXIMUM_COMPARE_AND_WRITE_LENGTH = 255;

    /** Any number (SBC-4, MAXIMUM UNMAP LBA COUNT). */
    static final long MAXIMUM_UNMAP_LBA_COUNT = 0xffff_ffffL;

    static final int MAXIMUM_UNMAP_BLOCK_DESCRIPTOR_COUNT = 256;

    /** More than any file system asks for. */
    static final int MAXIMUM_ATOMIC_TRANSFER_LENGTH = 2048;

    private DiskLimits() {}

    /**
     * ATOMIC ALIGNMENT and ATOMIC TRANSFER LENGTH GRANULARITY: a physical block, which can only be written as a whole.
     */
    static int atomicUnit(ScsiDisk disk) {
        return 1 << disk.geometry().physicalExponent();
    }
}
