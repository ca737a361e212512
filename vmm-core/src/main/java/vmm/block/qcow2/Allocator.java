package vmm.block.qcow2;

import vmm.linux.Errno;

/**
 * Finds clusters of the file that nobody refers to. Those handed out are only reserved, in memory, until what is to be
 * there has been written: so a crash never leaves a refcount without a reference. Needs the image's lock.
 */
final class Allocator {
    /** L1 and L2 entries can tell no larger offset (qcow2, Cluster mapping). */
    private static final long MOST_BYTES = 1L << 56;

    private final Image image;
    private final Geometry geometry;
    private final Refcounts refcounts;
    private final MetadataClusters metadata;
    private final LongMap reserved = new LongMap();

    /** No cluster before this one is free. */
    private long cursor;

    /** From this offset on the file has never held anything: it is zeros. */
    private long untouched;

    private long first;
    private int count;

    Allocator(Image image, Refcounts refcounts, MetadataClusters metadata) {
        this.image = image;
        this.geometry = image.geometry();
        this.refcounts = refcounts;
        this.metadata = metadata;
        this.untouched = geometry.roundUp(image.file().size());
    }

    /**
     * Looks for free clusters that follow each other: all of them untouched, or none. Their refcounts are in memory, in
     * one slice.
     *
     * @param most how many at most
     * @return 0 if {@link #first} and {@link #count} tell some; {@link Waiter#WAITING}; or an error number
     */
    int find(long most, Waiter waiter) {
        while (true) {
            int outcome = image.creations().haveRefcount(cursor, waiter);
            if (outcome != 0) {
                return outcome;
            }
            Slice slice = refcounts.slice(cursor);
            int from = nextFree(slice, refcounts.indexOf(cursor));
            cursor += from - refcounts.indexOf(cursor);
            if (from < refcounts.perSlice()) {
                return measure(slice, from, most);
            }
        }
    }

    /** The first free cluster of a slice; the slice's end if there is none. */
    private int nextFree(Slice slice, int from) {
        long base = cursor - refcounts.indexOf(cursor);
        int index = from;
        while (index < refcounts.perSlice() && (refcounts.get(slice, index) != 0 || reserved.contains(base + index))) {
            index++;
        }
        return index;
    }

    private int measure(Slice slice, int from, long most) {
        first = cursor;
        if (first >= MOST_BYTES >>> geometry.clusterBits) {
            return Errno.EFBIG;
        }
        boolean fresh = isUntouched(first);
        count = 0;
        while (count < most
                && from + count < refcounts.perSlice()
                && refcounts.get(slice, from + count) == 0
                && !reserved.contains(first + count)
                && isUntouched(first + count) == fresh) {
            if (metadata.contains((first + count) << geometry.clusterBits)) {
                return image.corrupted("the refcount of cluster " + (first + count) + ", which is in use,");
            }
            count++;
        }
        return image.haveRoom((first + count) << geometry.clusterBits);
    }

    /** The first of the clusters that {@link #find} found. */
    long first() {
        return first;
    }

    /** How many there are. */
    int count() {
        return count;
    }

    /** The first cluster that might be free. */
    long cursor() {
        return cursor;
    }

    /** From which offset on the file has never held anything. */
    long untouched() {
        return untouched;
    }

    /** True if the file reads as zeros at a free cluster. */
    boolean isUntouched(long cluster) {
        return cluster << geometry.clusterBits >= untouched;
    }

    /** Keeps others away from free clusters, which may be written from now on. */
    void reserve(long cluster, int count) {
        for (int i = 0; i < count; i++) {
            reserved.put(cluster + i, 0);
        }
        cursor = Math.max(cursor, cluster + count);
        untouched = Math.max(untouched, (cluster + count) << geometry.clusterBits);
    }

    /** Clusters that were reserved are referred to from now on, once. Their refcounts are in memory. */
    void use(long cluster, int count) {
        for (int i = 0; i < count; i++) {
            reserved.remove(cluster + i);
            refcounts.set(cluster + i, 1);
        }
    }

    /** Clusters that were reserved are not wanted after all. */
    void giveBack(long cluster, int count) {
        for (int i = 0; i < count; i++) {
            reserved.remove(cluster + i);
        }
        freed(cluster);
    }

    /** A cluster is free again. */
    void freed(long cluster) {
        cursor = Math.min(cursor, cluster);
    }
}
