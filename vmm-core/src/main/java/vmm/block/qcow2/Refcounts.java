package vmm.block.qcow2;

import java.util.BitSet;
import org.jspecify.annotations.Nullable;
import vmm.block.qcow2.MetadataClusters.Owner;

/**
 * How often each cluster of the file is referred to: the refcount table, and those refcount blocks that are in memory
 * (qcow2, Host cluster management). Needs the image's lock.
 */
final class Refcounts implements Tables {
    /** Must be 0 in an entry of the refcount table. */
    private static final long RESERVED = 0x1ff;

    private final Geometry geometry;
    private final MetadataClusters metadata;
    private final ClusterMap.FileSize fileSize;
    private final RootTable root;
    private final SliceCache cache;
    private final BitSet invalidBlocks = new BitSet();

    Refcounts(
            Geometry geometry,
            RootTable root,
            MetadataClusters metadata,
            ClusterMap.FileSize fileSize,
            int cacheBytes) {
        this.geometry = geometry;
        this.metadata = metadata;
        this.fileSize = fileSize;
        this.root = root;
        this.cache = new SliceCache(
                root.size(),
                geometry.slicesPerRefcountBlock(),
                Math.max(4, cacheBytes / (8 * geometry.refcountSliceWords())));
        for (int i = 0; i < root.size(); i++) {
            claimBlock(i);
        }
    }

    private void claimBlock(int block) {
        long offset = root.get(block);
        if (offset == 0) {
            return;
        }
        boolean there = (offset & (RESERVED | geometry.clusterMask)) == 0 && offset > 0 && offset < fileSize.bytes();
        if (!there || !metadata.claim(offset, geometry.clusterSize, Owner.REFCOUNT_BLOCK, block)) {
            invalidBlocks.set(block);
        }
    }

    RootTable root() {
        return root;
    }

    /** The refcount block that counts {@code cluster}; there need not be one. */
    int blockOf(long cluster) {
        return (int) Math.min(cluster >>> geometry.refcountBlockBits, Integer.MAX_VALUE);
    }

    /** True if the block is beyond the refcount table, or nothing but zeros so far. */
    boolean isAbsent(int block) {
        return block >= root.size() || root.get(block) == 0;
    }

    int partOf(long cluster) {
        return (int) (cluster >>> geometry.refcountSliceBits) & (geometry.slicesPerRefcountBlock() - 1);
    }

    /** Which refcount of its slice is that of {@code cluster}. */
    int indexOf(long cluster) {
        return (int) cluster & ((1 << geometry.refcountSliceBits) - 1);
    }

    /** How many refcounts a slice has. */
    int perSlice() {
        return 1 << geometry.refcountSliceBits;
    }

    /** The slice that counts {@code cluster}, which is in memory. */
    Slice slice(long cluster) {
        Slice slice = find(blockOf(cluster), partOf(cluster));
        if (slice == null) {
            throw new IllegalStateException("The refcount of cluster " + cluster + " is not in memory.");
        }
        return slice;
    }

    long get(Slice slice, int index) {
        long bit = (long) index << geometry.refcountOrder;
        return (slice.word((int) (bit >>> 6)) >>> shift(bit)) & geometry.maxRefcount();
    }

    void set(Slice slice, int index, long value) {
        long bit = (long) index << geometry.refcountOrder;
        int word = (int) (bit >>> 6);
        int shift = shift(bit);
        long others = slice.word(word) & ~(geometry.maxRefcount() << shift);
        cache.changing(slice);
        slice.set(word, others | (value << shift));
    }

    /** How far left in its big-endian word a refcount is; those of less than a byte begin at its lowest bit. */
    private int shift(long bit) {
        int inWord = (int) (bit & 63);
        int order = geometry.refcountOrder;
        return order >= 3 ? 64 - (1 << order) - inWord : 56 - (inWord & ~7) + (inWord & 7);
    }

    /** Sets the refcount of a cluster whose slice is in memory. */
    void set(long cluster, long value) {
        set(slice(cluster), indexOf(cluster), value);
    }

    @Override
    public @Nullable Slice find(int table, int part) {
        return cache.find(table, part);
    }

    @Override
    public long offsetOf(int block, int part) {
        if (invalidBlocks.get(block)) {
            return INVALID;
        }
        return root.get(block) == 0 ? ABSENT : root.get(block) + 8L * geometry.refcountSliceWords() * part;
    }

    @Override
    public void addAbsent(int table) {
        throw new IllegalStateException("Nobody looks into a refcount block that is not there.");
    }

    @Override
    public Slice create(int block, int part) {
        return new Slice(block, part, geometry.refcountSliceWords());
    }

    @Override
    public void add(Slice slice) {
        cache.add(slice);
    }

    /** Enters a new block, all zeros in the file, that is at {@code offset}. */
    void addBlock(int block, long offset) {
        metadata.claim(offset, geometry.clusterSize, Owner.REFCOUNT_BLOCK, block);
        root.set(block, offset);
    }

    /** Moves the refcount table to where it has room for {@code size} entries. */
    void moveTable(long offset, int size) {
        metadata.release(root.offset(), 8L * root.size());
        root.move(offset, size);
        metadata.claim(offset, 8L * size, Owner.REFCOUNT_TABLE, 0);
        cache.grow(size);
    }

    @Override
    public SliceCache cache() {
        return cache;
    }
}
