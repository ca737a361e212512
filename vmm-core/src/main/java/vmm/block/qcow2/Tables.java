package vmm.block.qcow2;

import org.jspecify.annotations.Nullable;

/** Tables of one kind, L2 tables or refcount blocks, of which slices are in memory. Needs the image's lock. */
interface Tables {
    /** {@link #offsetOf} for a table that is not there: all its entries are 0. */
    long ABSENT = 0;

    /** {@link #offsetOf} for a table at a place where it cannot be. */
    long INVALID = -1;

    /** The slice, if it is in memory. */
    @Nullable
    Slice find(int table, int part);

    /** Where in the file the slice is, or {@link #ABSENT} or {@link #INVALID}. */
    long offsetOf(int table, int part);

    /** Remembers that all entries of a table that is {@link #ABSENT} are 0. */
    void addAbsent(int table);

    /** A slice to be filled from the file. */
    Slice create(int table, int part);

    /** Where the slices are. */
    SliceCache cache();

    /** Takes a slice that was filled, so that it is found. */
    void add(Slice slice);
}
