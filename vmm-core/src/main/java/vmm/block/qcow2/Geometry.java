package vmm.block.qcow2;

/** The numbers that follow from an image's header: how offsets of the guest and of the file fall apart into indices. */
final class Geometry {
    /** Subclusters of a cluster whose L2 entry is extended (qcow2, Extended L2 Entries). */
    static final int SUBCLUSTERS = 32;

    /** Tables are read and written in slices of at most this many bytes, so that big clusters do not cost big I/O. */
    private static final int L2_SLICE_BYTES = 4096;

    private static final int REFCOUNT_SLICE_BYTES = 65536;

    /** Log2 of the cluster's size in bytes: 9 to 21. */
    final int clusterBits;

    /** The cluster's size in bytes. */
    final long clusterSize;

    /** An offset's bits within its cluster. */
    final long clusterMask;

    /** True if each L2 entry has a second word, with the state of its subclusters. */
    final boolean extended;

    /** Log2 of the unit that is mapped by itself: the subcluster, or the cluster if there are none. */
    final int unitBits;

    /** Log2 of the words of an L2 entry. */
    final int entryWordBits;

    /** Log2 of the L2 entries in a cluster. */
    final int tableBits;

    /** Log2 of the L2 entries in a slice. */
    final int sliceBits;

    /** Log2 of the bits of a refcount: 0 to 6. */
    final int refcountOrder;

    /** Log2 of the refcounts in a cluster. */
    final int refcountBlockBits;

    /** Log2 of the refcounts in a slice of a refcount block. */
    final int refcountSliceBits;

    Geometry(int clusterBits, boolean extended, int refcountOrder) {
        this.clusterBits = clusterBits;
        this.clusterSize = 1L << clusterBits;
        this.clusterMask = clusterSize - 1;
        this.extended = extended;
        this.unitBits = extended ? clusterBits - Integer.numberOfTrailingZeros(SUBCLUSTERS) : clusterBits;
        this.entryWordBits = extended ? 1 : 0;
        this.tableBits = clusterBits - 3 - entryWordBits;
        this.sliceBits = log2(Math.min(clusterSize, L2_SLICE_BYTES)) - 3 - entryWordBits;
        this.refcountOrder = refcountOrder;
        this.refcountBlockBits = clusterBits + 3 - refcountOrder;
        this.refcountSliceBits = log2(Math.min(clusterSize, REFCOUNT_SLICE_BYTES)) + 3 - refcountOrder;
    }

    private static int log2(long powerOfTwo) {
        return Long.numberOfTrailingZeros(powerOfTwo);
    }

    /** Words of 64 bits in a slice of an L2 table. */
    int sliceWords() {
        return 1 << (sliceBits + entryWordBits);
    }

    /** Words of 64 bits in a slice of a refcount block. */
    int refcountSliceWords() {
        return 1 << (refcountSliceBits + refcountOrder - 6);
    }

    /** Words of 64 bits in a cluster. */
    int clusterWords() {
        return 1 << (clusterBits - 3);
    }

    /** The most that a refcount can be; compare unsigned. */
    long maxRefcount() {
        return -1L >>> (64 - (1 << refcountOrder));
    }

    /** How many entries of the L1 table a disk of {@code size} bytes needs. */
    long l1Entries(long size) {
        int bits = clusterBits + tableBits;
        return (size >>> bits) + ((size & ((1L << bits) - 1)) == 0 ? 0 : 1);
    }

    /** The L1 entry for an offset of the guest. */
    int l1Index(long guest) {
        return (int) (guest >>> (clusterBits + tableBits));
    }

    /** Which slice of its L2 table maps an offset of the guest. */
    int sliceInTable(long guest) {
        return (int) (guest >>> (clusterBits + sliceBits)) & ((1 << (tableBits - sliceBits)) - 1);
    }

    /** Which entry of its slice maps an offset of the guest. */
    int entryInSlice(long guest) {
        return (int) (guest >>> clusterBits) & ((1 << sliceBits) - 1);
    }

    /** The end of what the slice covers that maps an offset of the guest. */
    long endOfSlice(long guest) {
        return ((guest >>> (clusterBits + sliceBits)) + 1) << (clusterBits + sliceBits);
    }

    /** The end of what the L2 table covers that maps an offset of the guest. */
    long endOfTable(long guest) {
        return ((guest >>> (clusterBits + tableBits)) + 1) << (clusterBits + tableBits);
    }

    /** How many slices an L2 table has. */
    int slicesPerTable() {
        return 1 << (tableBits - sliceBits);
    }

    /** How many slices a refcount block has. */
    int slicesPerRefcountBlock() {
        return 1 << (refcountBlockBits - refcountSliceBits);
    }

    /** The start of the cluster that {@code offset} is in. */
    long clusterStart(long offset) {
        return offset & ~clusterMask;
    }

    /** {@code offset}, or the next start of a cluster. */
    long roundUp(long offset) {
        return (offset + clusterMask) & ~clusterMask;
    }

    /** How many clusters {@code bytes} fill, the last one perhaps in part. */
    long clusters(long bytes) {
        return (bytes + clusterMask) >>> clusterBits;
    }
}
