package vmm.block.qcow2;

/** A stretch of the disk whose data is kept in one way, as {@link ClusterMap#find} tells it. Owned by one thread. */
final class Extent {
    /** Where data is. */
    enum Kind {
        /** In the file, as it is. */
        DATA,
        /** Nowhere: it is zeros. */
        ZERO,
        /** In the backing file, if there is one; else it is zeros. */
        UNALLOCATED,
        /** In the file, packed. */
        COMPRESSED,
        /** Nobody knows: the entry is not what the specification allows. */
        INVALID
    }

    Kind kind = Kind.INVALID;

    /** In bytes. */
    long length;

    /** Where in the file {@link Kind#DATA} begins. */
    long host;

    /** The L2 entry of {@link Kind#COMPRESSED}. */
    long entry;

    /** True if {@link Kind#DATA} may be written where it is, since nobody else refers to it. */
    boolean writable;
}
