package vmm.block.qcow2;

import java.util.BitSet;
import org.jspecify.annotations.Nullable;
import vmm.block.qcow2.Extent.Kind;
import vmm.block.qcow2.MetadataClusters.Owner;

/**
 * Where the disk's data is: the L1 table, and those L2 tables that are in memory (qcow2, Cluster mapping).
 *
 * <p>Any thread may {@link #find}, without a lock; everything else needs the image's lock.
 */
final class ClusterMap implements Tables {
    private final Geometry geometry;
    private final int version;
    private final MetadataClusters metadata;
    private final FileSize fileSize;
    private final SliceCache cache;

    /** What is shown of tables that are not there. */
    private final Slice nothing;

    private final RootTable l1;

    /** L1 entries that refer to something else than an L2 table of their own. */
    private final BitSet invalidTables = new BitSet();

    /** The file's size at this moment. */
    @FunctionalInterface
    interface FileSize {
        long bytes();
    }

    ClusterMap(Header header, RootTable l1, MetadataClusters metadata, FileSize fileSize, int cacheBytes) {
        this.geometry = header.geometry();
        this.version = header.version();
        this.l1 = l1;
        this.metadata = metadata;
        this.fileSize = fileSize;
        long sliceBytes = 8L * geometry.sliceWords();
        long needed = (long) l1.size() * geometry.slicesPerTable();
        this.cache = new SliceCache(l1.size(), geometry.slicesPerTable(), (int)
                Math.clamp(cacheBytes / sliceBytes, 1, Math.max(needed, 1)));
        this.nothing = new Slice(-1, -1, geometry.sliceWords());
        for (int i = 0; i < l1.size(); i++) {
            claimTable(i);
        }
    }

    private void claimTable(int table) {
        long entry = l1.get(table);
        long offset = L2Entry.offset(entry);
        if (entry == 0) {
            return;
        }
        boolean there = (entry & L2Entry.L1_RESERVED) == 0 && isInFile(offset);
        if (!there || !metadata.claim(offset, geometry.clusterSize, Owner.L2_TABLE, table)) {
            invalidTables.set(table);
        }
    }

    private boolean isInFile(long offset) {
        return offset != 0 && (offset & geometry.clusterMask) == 0 && offset < fileSize.bytes();
    }

    /**
     * Tells how the data from {@code guest} on is kept, as far as that is the same way and without a gap.
     *
     * @param guest an offset within the disk
     * @param length how much of it is of interest, at least 1
     * @param extent is told
     * @return false if that is not in memory: the slice has to be loaded first
     */
    boolean find(long guest, long length, Extent extent) {
        Slice slice = cache.find(geometry.l1Index(guest), geometry.sliceInTable(guest));
        if (slice == null) {
            return false;
        }
        BitSet invalid = slice.invalid;
        if (invalid != null) {
            long clipped = Math.min(length, geometry.clusterSize - (guest & geometry.clusterMask));
            if (invalid.get(geometry.entryInSlice(guest))) {
                extent.kind = Kind.INVALID;
                extent.length = clipped;
                return true;
            }
            describe(slice, guest, clipped, extent);
        } else {
            describe(slice, guest, length, extent);
        }
        return true;
    }

    private void describe(Slice slice, long guest, long length, Extent extent) {
        if (geometry.extended) {
            int version;
            do {
                version = slice.version();
                describeUnits(slice, guest, length, extent);
            } while ((version & 1) != 0 || version != slice.version());
        } else {
            describeClusters(slice, guest, length, extent);
        }
    }

    private void describeClusters(Slice slice, long guest, long length, Extent extent) {
        int index = geometry.entryInSlice(guest);
        long inCluster = guest & geometry.clusterMask;
        long end = inCluster + length;
        long first = slice.word(index);
        Kind kind = kindOf(first);
        long covered = geometry.clusterSize;
        while (covered < end
                && ++index < slice.size()
                && (kind == Kind.DATA ? slice.word(index) == first + covered : kind == kindOf(slice.word(index)))
                && kind != Kind.COMPRESSED) {
            covered += geometry.clusterSize;
        }
        extent.kind = kind;
        extent.length = Math.min(covered, end) - inCluster;
        extent.host = L2Entry.offset(first) + inCluster;
        extent.entry = first;
        extent.writable = L2Entry.isCopied(first);
    }

    private static Kind kindOf(long entry) {
        if (L2Entry.isCompressed(entry)) {
            return Kind.COMPRESSED;
        }
        if (L2Entry.isZero(entry)) {
            return Kind.ZERO;
        }
        return L2Entry.offset(entry) == 0 ? Kind.UNALLOCATED : Kind.DATA;
    }

    private void describeUnits(Slice slice, long guest, long length, Extent extent) {
        int index = 2 * geometry.entryInSlice(guest);
        long inCluster = guest & geometry.clusterMask;
        int unit = (int) (inCluster >>> geometry.unitBits);
        long unitSize = 1L << geometry.unitBits;
        long entry = slice.word(index);
        long bitmap = slice.word(index + 1);
        Kind kind = kindOf(entry, bitmap, unit);
        long host = L2Entry.offset(entry) + inCluster;
        extent.entry = entry;
        extent.writable = L2Entry.isCopied(entry);
        long covered = kind == Kind.COMPRESSED ? geometry.clusterSize - inCluster : unitSize - (guest & (unitSize - 1));
        while (covered < length && kind != Kind.COMPRESSED) {
            unit++;
            if (unit == Geometry.SUBCLUSTERS) {
                unit = 0;
                index += 2;
                if (index == slice.size()) {
                    break;
                }
                entry = slice.word(index);
                bitmap = slice.word(index + 1);
            }
            boolean follows = L2Entry.offset(entry) + unit * unitSize == host + covered
                    && L2Entry.isCopied(entry) == extent.writable;
            if (kindOf(entry, bitmap, unit) != kind || (kind == Kind.DATA && !follows)) {
                break;
            }
            covered += unitSize;
        }
        extent.kind = kind;
        extent.length = Math.min(covered, length);
        extent.host = host;
    }

    private static Kind kindOf(long entry, long bitmap, int unit) {
        if (L2Entry.isCompressed(entry)) {
            return Kind.COMPRESSED;
        }
        if (L2Entry.isAllocated(bitmap, unit)) {
            return Kind.DATA;
        }
        return L2Entry.isZero(bitmap, unit) ? Kind.ZERO : Kind.UNALLOCATED;
    }

    RootTable root() {
        return l1;
    }

    @Override
    public SliceCache cache() {
        return cache;
    }

    /** The slice that maps {@code guest}, which is in memory. */
    Slice slice(long guest) {
        Slice slice = cache.find(geometry.l1Index(guest), geometry.sliceInTable(guest));
        if (slice == null) {
            throw new IllegalStateException("The L2 entry for offset " + guest + " is not in memory.");
        }
        return slice;
    }

    /** The first word of entry {@code index} of a slice. */
    long entry(Slice slice, int index) {
        return slice.word(index << geometry.entryWordBits);
    }

    /** The second word of entry {@code index} of a slice, where entries have one. */
    long bitmap(Slice slice, int index) {
        return slice.word((index << 1) + 1);
    }

    /** How the unit of the disk is kept that {@code guest} is in. */
    Kind kind(Slice slice, long guest) {
        int index = geometry.entryInSlice(guest);
        if (!geometry.extended) {
            return kindOf(entry(slice, index));
        }
        int unit = (int) ((guest & geometry.clusterMask) >>> geometry.unitBits);
        return kindOf(entry(slice, index), bitmap(slice, index), unit);
    }

    /** Changes an entry. */
    void change(Slice slice, int index, long entry, long bitmap) {
        cache.changing(slice);
        if (geometry.extended) {
            slice.setPair(2 * index, entry, bitmap);
        } else {
            slice.set(index, entry);
        }
    }

    /** True if there is no such L2 table. */
    boolean isAbsent(int table) {
        return l1.get(table) == 0;
    }

    /** True if there is such an L2 table, and it may be changed. */
    boolean owns(int table) {
        return L2Entry.isCopied(l1.get(table)) && !invalidTables.get(table);
    }

    /** Enters an L2 table with the same entries as the one before it, or zeros if there was none. */
    void putTable(int table, long offset) {
        if (isAbsent(table)) {
            cache.hide(table);
        }
        metadata.claim(offset, geometry.clusterSize, Owner.L2_TABLE, table);
        l1.set(table, offset | L2Entry.COPIED);
    }

    /** Makes room for more tables. */
    void grow(long offset, int entries) {
        metadata.release(l1.offset(), 8L * l1.size());
        l1.move(offset, entries);
        metadata.claim(offset, 8L * entries, Owner.L1_TABLE, 0);
        cache.grow(entries);
    }

    /** Sees to it that nobody takes clusters for the disk's that hold tables from now on. */
    void noticeMetadata(long offset, long length) {
        for (Slice slice : cache.all()) {
            for (int i = 0; i < slice.size(); i += 1 << geometry.entryWordBits) {
                long entry = slice.word(i);
                long data = L2Entry.offset(entry);
                if (!L2Entry.isCompressed(entry) && data >= offset && data < offset + length) {
                    BitSet before = slice.invalid;
                    BitSet invalid = before == null ? new BitSet() : (BitSet) before.clone();
                    invalid.set(i >> geometry.entryWordBits);
                    slice.invalid = invalid;
                }
            }
        }
    }

    @Override
    public @Nullable Slice find(int table, int part) {
        return cache.find(table, part);
    }

    @Override
    public long offsetOf(int table, int part) {
        if (invalidTables.get(table)) {
            return INVALID;
        }
        long offset = L2Entry.offset(l1.get(table));
        return offset == 0 ? ABSENT : offset + 8L * geometry.sliceWords() * part;
    }

    @Override
    public void addAbsent(int table) {
        cache.showEverywhere(table, nothing);
    }

    @Override
    public Slice create(int table, int part) {
        return new Slice(table, part, geometry.sliceWords());
    }

    @Override
    public void add(Slice slice) {
        int step = 1 << geometry.entryWordBits;
        BitSet invalid = new BitSet();
        for (int i = 0; i < slice.size(); i += step) {
            if (!isValid(slice.word(i), geometry.extended ? slice.word(i + 1) : 0)) {
                invalid.set(i / step);
            }
        }
        slice.invalid = invalid.isEmpty() ? null : invalid;
        cache.add(slice);
    }

    private boolean isValid(long entry, long bitmap) {
        if (L2Entry.isCompressed(entry)) {
            long offset = L2Entry.compressedOffset(entry, geometry.clusterBits);
            return !L2Entry.isCopied(entry) && bitmap == 0 && offset != 0 && offset < fileSize.bytes();
        }
        long offset = L2Entry.offset(entry);
        if ((entry & L2Entry.RESERVED) != 0 || (offset == 0 && L2Entry.isCopied(entry))) {
            return false;
        }
        long allocated = bitmap & L2Entry.allocated(0, Geometry.SUBCLUSTERS);
        if (((bitmap >>> Geometry.SUBCLUSTERS) & allocated) != 0 || (allocated != 0 && offset == 0)) {
            return false;
        }
        if (L2Entry.isZero(entry) && (version == 2 || geometry.extended)) {
            return false;
        }
        return offset == 0 || (isInFile(offset) && !metadata.contains(offset));
    }
}
