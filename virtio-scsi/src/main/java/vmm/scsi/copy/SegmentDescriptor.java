package vmm.scsi.copy;

import vmm.scsi.ParameterList;

/**
 * A segment descriptor (SPC-5), of one block device to another.
 *
 * @param source CSCD descriptor ID of the copy source
 * @param destination of the copy destination
 * @param inBlocks true if {@code length} is in blocks, false if in bytes
 * @param ofDestination DC: the blocks are those of the destination, not those of the source
 * @param sourceLba where to read, in blocks of the source; from 2^63 on negative
 * @param destinationLba where to write, in blocks of the destination; the same
 * @param sourceOffset bytes from there
 * @param destinationOffset bytes from there
 */
record SegmentDescriptor(
        int source,
        int destination,
        boolean inBlocks,
        boolean ofDestination,
        long length,
        long sourceLba,
        long destinationLba,
        int sourceOffset,
        int destinationOffset) {
    /** Block device to block device. */
    static final int BLOCK_TO_BLOCK = 0x02;

    /** Block device to block device with offset. */
    static final int BLOCK_TO_BLOCK_WITH_OFFSET = 0x0a;

    /** The longest of them, header included. */
    static final int LONGEST = 32;

    /** The shortest: what comes before the fields of its type. */
    static final int HEADER = 4;

    private static final int DC = 1 << 1;

    /** How long one of that type is, or 0 if the type is not supported. */
    static int lengthOf(int type) {
        return switch (type) {
            case BLOCK_TO_BLOCK -> 28;
            case BLOCK_TO_BLOCK_WITH_OFFSET -> 32;
            default -> 0;
        };
    }

    /** Reads the one at {@code offset}, which is whole and of a type that is supported. */
    static SegmentDescriptor parse(ParameterList list, int offset) {
        boolean inBlocks = list.u8(offset) == BLOCK_TO_BLOCK;
        return new SegmentDescriptor(
                list.u16(offset + 4),
                list.u16(offset + 6),
                inBlocks,
                list.has(offset + 1, DC),
                inBlocks ? list.u16(offset + 10) : list.u32(offset + 8),
                list.u64(offset + 12),
                list.u64(offset + 20),
                inBlocks ? 0 : list.u16(offset + 28),
                inBlocks ? 0 : list.u16(offset + 30));
    }
}
