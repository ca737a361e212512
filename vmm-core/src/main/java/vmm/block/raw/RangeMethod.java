package vmm.block.raw;

/** Ways to discard a range of a file or to zero it. A file system or device may know none but the last. */
enum RangeMethod {
    /** BLKDISCARD: the range's content is of no use. */
    DISCARD,
    /** FALLOC_FL_PUNCH_HOLE: the range reads as zeros and its storage is given back. */
    PUNCH_HOLE,
    /** FALLOC_FL_ZERO_RANGE: the range reads as zeros and keeps its storage. */
    ZERO_RANGE,
    /** A hole that is given storage again, for file systems that can do both but not the one above. */
    REFILL_HOLE,
    /** Writing zeros. */
    WRITE
}
