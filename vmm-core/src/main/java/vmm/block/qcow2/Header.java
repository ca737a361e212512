package vmm.block.qcow2;

import vmm.linux.HostException;

/**
 * What the header of an image says (qcow2, Header), each field checked.
 *
 * @param version 2 or 3
 * @param size of the disk, in bytes
 * @param clusterBits log2 of the cluster's size
 * @param refcountOrder log2 of a refcount's bits
 * @param l1Offset where in the file the active L1 table is
 * @param l1Entries how many entries it has
 * @param refcountTableOffset where in the file the refcount table is
 * @param refcountTableClusters how many clusters it has
 * @param snapshotsOffset where in the file the snapshot table is
 * @param snapshots how many snapshots the image has
 * @param incompatible feature bits
 * @param compatible feature bits
 * @param autoclear feature bits
 * @param compression how compressed clusters are packed
 * @param backing what lies behind the image, or {@link Backing#NONE}
 */
record Header(
        int version,
        long size,
        int clusterBits,
        int refcountOrder,
        long l1Offset,
        int l1Entries,
        long refcountTableOffset,
        int refcountTableClusters,
        long snapshotsOffset,
        int snapshots,
        long incompatible,
        long compatible,
        long autoclear,
        Compression compression,
        Backing backing) {
    static final int MAGIC = 0x514649FB;

    // Where the fields are that change while an image is in use.
    static final int SIZE = 24;
    static final int L1_SIZE = 36;
    static final int L1_OFFSET = 40;
    static final int REFCOUNT_TABLE_OFFSET = 48;
    static final int REFCOUNT_TABLE_CLUSTERS = 56;
    static final int INCOMPATIBLE = 72;
    static final int AUTOCLEAR = 88;

    /** All fields that change are in the first sector, which a disk writes whole or not at all. */
    static final int SECTOR = 512;

    /** Refcounts may be wrong. */
    static final long DIRTY = 1L;

    /** Anything may be wrong: not to be written. */
    static final long CORRUPT = 1L << 1;

    static final long EXTERNAL_DATA = 1L << 2;
    static final long COMPRESSION = 1L << 3;
    static final long EXTENDED_L2 = 1L << 4;

    /** The largest L1 table that QEMU reads, and so the largest there is. */
    static final int MAX_L1_BYTES = 32 << 20;

    /** The largest refcount table that QEMU reads. */
    static final int MAX_REFCOUNT_TABLE_BYTES = 8 << 20;

    /** How compressed clusters are packed. */
    enum Compression {
        ZLIB,
        ZSTD
    }

    /**
     * The image whose data shows where this one has none.
     *
     * @param name as the header has it; empty if there is none
     * @param format as the header has it; empty if it does not say
     */
    record Backing(String name, String format) {
        static final Backing NONE = new Backing("", "");

        boolean exists() {
            return !name.isEmpty();
        }
    }

    /** True if an incompatible feature is in use. */
    boolean has(long feature) {
        return (incompatible & feature) != 0;
    }

    Geometry geometry() {
        return new Geometry(clusterBits, has(EXTENDED_L2), refcountOrder);
    }

    /** The trouble with an image that nobody can use as it is. */
    static HostException damaged(String disk, String field, Object value, String rule) {
        return new HostException("Disk " + disk + " has a damaged qcow2 header: " + field + " is " + value + ", " + rule
                + "; restore the image from a backup.");
    }
}
