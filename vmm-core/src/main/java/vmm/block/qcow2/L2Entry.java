package vmm.block.qcow2;

/** The parts of an L2 entry, and of an L1 entry as far as they are the same (qcow2, Cluster mapping). */
final class L2Entry {
    /** The refcount of what the entry refers to is exactly one, so that it may be written in place. */
    static final long COPIED = 1L << 63;

    static final long COMPRESSED = 1L << 62;

    /** The cluster reads as zeros. */
    static final long ZERO = 1;

    static final long OFFSET = 0x00FF_FFFF_FFFF_FE00L;

    /** Must be 0 in an L1 entry. */
    static final long L1_RESERVED = ~(COPIED | OFFSET);

    /** Must be 0 in the L2 entry of a standard cluster. */
    static final long RESERVED = ~(COPIED | COMPRESSED | OFFSET | ZERO);

    private static final int SECTOR_BITS = 9;

    private L2Entry() {}

    static long offset(long entry) {
        return entry & OFFSET;
    }

    static boolean isCompressed(long entry) {
        return (entry & COMPRESSED) != 0;
    }

    static boolean isCopied(long entry) {
        return (entry & COPIED) != 0;
    }

    static boolean isZero(long entry) {
        return (entry & ZERO) != 0;
    }

    /** True if a cluster of the file belongs to this entry alone, so that it may be written. */
    static boolean isOwned(long entry) {
        return !isCompressed(entry) && isCopied(entry) && offset(entry) != 0;
    }

    /** True if the entry refers to a cluster of the file, or to a part of one or two. */
    static boolean holdsCluster(long entry) {
        return isCompressed(entry) || offset(entry) != 0;
    }

    /** True if the entry refers to a cluster that may not be written, so that its data has to move. */
    static boolean isLeftBehind(long entry) {
        return holdsCluster(entry) && !isOwned(entry);
    }

    /** Where in the file compressed data starts: at any byte. */
    static long compressedOffset(long entry, int clusterBits) {
        return entry & ((1L << sectorsShift(clusterBits)) - 1);
    }

    /** How many bytes compressed data can have at most: it ends with a sector, though perhaps before. */
    static long compressedLength(long entry, int clusterBits) {
        int shift = sectorsShift(clusterBits);
        long more = (entry & ~(COPIED | COMPRESSED)) >>> shift;
        return ((more + 1) << SECTOR_BITS) - (compressedOffset(entry, clusterBits) & ((1 << SECTOR_BITS) - 1));
    }

    private static int sectorsShift(int clusterBits) {
        return 62 - (clusterBits - 8);
    }

    /** Subcluster {@code index} is in the host cluster (qcow2, Extended L2 Entries). */
    static boolean isAllocated(long bitmap, int index) {
        return ((bitmap >>> index) & 1) != 0;
    }

    /** Subcluster {@code index} reads as zeros. */
    static boolean isZero(long bitmap, int index) {
        return ((bitmap >>> (Geometry.SUBCLUSTERS + index)) & 1) != 0;
    }

    /** The bitmap with the allocation bits of subclusters {@code from} to {@code to}, exclusive. */
    static long allocated(int from, int to) {
        return (1L << to) - (1L << from);
    }

    /** The bitmap with the zero bits of subclusters {@code from} to {@code to}, exclusive. */
    static long zeros(int from, int to) {
        return allocated(from, to) << Geometry.SUBCLUSTERS;
    }
}
