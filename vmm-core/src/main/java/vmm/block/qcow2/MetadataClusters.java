package vmm.block.qcow2;

/**
 * Which clusters of the file hold the image's own structures, so that no other structure and no data is ever put or
 * looked for there. Needs the image's lock.
 */
final class MetadataClusters {
    /** What a cluster can belong to. */
    enum Owner {
        HEADER(0),
        L1_TABLE(1),
        REFCOUNT_TABLE(2),
        SNAPSHOT_TABLE(3),
        SNAPSHOT_L1_TABLE(4),
        L2_TABLE(5),
        REFCOUNT_BLOCK(6);

        /** What the values of the map begin with; the rest is an index. */
        private final long tag;

        Owner(int number) {
            this.tag = (long) number << Integer.SIZE;
        }
    }

    private final LongMap owners = new LongMap();
    private final int clusterBits;

    MetadataClusters(int clusterBits) {
        this.clusterBits = clusterBits;
    }

    private static long tag(Owner owner, int index) {
        return owner.tag | index;
    }

    /**
     * Notes that the clusters from {@code offset} on belong to {@code owner}.
     *
     * @param length in bytes
     * @param index tells owners of one kind apart
     * @return false if one of them belongs to somebody else
     */
    boolean claim(long offset, long length, Owner owner, int index) {
        long tag = tag(owner, index);
        for (long cluster = offset >>> clusterBits; cluster << clusterBits < offset + length; cluster++) {
            if (owners.get(cluster, tag) != tag) {
                return false;
            }
            owners.put(cluster, tag);
        }
        return true;
    }

    /** Takes a {@link #claim} back. */
    void release(long offset, long length) {
        for (long cluster = offset >>> clusterBits; cluster << clusterBits < offset + length; cluster++) {
            owners.remove(cluster);
        }
    }

    /** True if the cluster at {@code offset} belongs to this owner. */
    boolean belongs(long offset, Owner owner, int index) {
        long tag = tag(owner, index);
        return owners.get(offset >>> clusterBits, ~tag) == tag;
    }

    /** True if the cluster at {@code offset} holds any structure of the image. */
    boolean contains(long offset) {
        return owners.contains(offset >>> clusterBits);
    }
}
