package vmm.block.qcow2;

import java.util.BitSet;

/**
 * Makes ranges of the disk read as zeros by a change of the mapping, and gives their clusters up if that is wanted.
 * Where the mapping cannot say it, zeros have to be written.
 *
 * <p>What is discarded never shows what the backing file has: it reads as zeros where the mapping can say so, and is
 * left alone where it cannot (version 2 above a backing file). Needs the image's lock.
 */
final class Clearing {
    /** What is wanted. */
    enum Aim {
        /** The range is of no use; clusters that lie in it as a whole are given up. */
        DISCARD,
        /** The range reads as zeros; its clusters are kept. */
        ZERO,
        /** The range reads as zeros; its clusters are given up. */
        UNMAP
    }

    /** How far a step came. Owned by who asks for it. */
    static final class Step {
        /** How many bytes are done. */
        long length;

        /** True if they are not, but have to be written as zeros. */
        boolean write;
    }

    private final Image image;
    private final Geometry geometry;
    private final ClusterMap map;
    private final boolean hasZeroFlag;

    Clearing(Image image, ClusterMap map) {
        this.image = image;
        this.geometry = image.geometry();
        this.map = map;
        this.hasZeroFlag = image.header().version() > 2;
    }

    /**
     * Clears what it can of {@code length} bytes from {@code guest} on.
     *
     * @return 0 if {@code step} tells how far it came, {@link Waiter#WAITING}, or an error number
     */
    int clear(long guest, long length, Aim aim, Waiter waiter, Step step) {
        step.length = 0;
        step.write = false;
        int outcome = image.planner().awaitOthers(guest, waiter);
        if (outcome == 0) {
            outcome = image.haveMapping(guest, waiter);
        }
        if (outcome != 0) {
            return outcome;
        }
        int table = geometry.l1Index(guest);
        long most = image.planner().untilOthers(guest, length);
        if (map.isAbsent(table) && (aim == Aim.DISCARD || guest >= image.backingSize())) {
            step.length = Math.min(most, geometry.endOfTable(guest) - guest);
            return 0;
        }
        if (!advance(guest, most, aim, step, map.owns(table)) || step.length > 0) {
            return 0;
        }
        outcome = image.creations().haveTable(table, waiter);
        if (outcome == 0) {
            outcome = image.haveMapping(guest, waiter);
        }
        if (outcome == 0) {
            advance(guest, most, aim, step, true);
        }
        return outcome;
    }

    /**
     * Goes over the clusters of one slice.
     *
     * @param mayChange false if it has to stop where the mapping would change
     * @return true if it stopped for that
     */
    private boolean advance(long guest, long length, Aim aim, Step step, boolean mayChange) {
        Slice slice = map.slice(guest);
        long sliceEnd = geometry.endOfSlice(guest);
        while (step.length < length && guest + step.length < sliceEnd) {
            long at = guest + step.length;
            long end = endOfPart(at, guest + length);
            switch (changeOf(slice, at, end, aim)) {
                case NOTHING -> {}
                case WRITE -> {
                    if (step.length == 0) {
                        step.write = true;
                        step.length = Math.min(end, guest + length) - at;
                    }
                    return false;
                }
                case HIDE -> {
                    if (!mayChange) {
                        return true;
                    }
                    hide(slice, at, end);
                }
                case DROP -> {
                    if (!mayChange) {
                        return true;
                    }
                    drop(slice, at);
                }
            }
            step.length = Math.min(end - guest, length);
        }
        return false;
    }

    /** The end of what can be looked at together: some whole units of a cluster, or a part of one unit. */
    private long endOfPart(long at, long end) {
        // Behind the disk's end nothing is lost.
        long most = end == image.size() ? geometry.roundUp(end) : end;
        long cluster = Math.min(most, geometry.clusterStart(at) + geometry.clusterSize);
        long unit = 1L << geometry.unitBits;
        long firstUnit = (at & -unit) + unit;
        if ((at & (unit - 1)) != 0 || cluster < firstUnit) {
            return Math.min(cluster, firstUnit);
        }
        return cluster & -unit;
    }

    /** What has to happen to an entry. */
    private enum Change {
        NOTHING,
        /** Zeros have to be written. */
        WRITE,
        /** The entry says that there are zeros, and the cluster is kept. */
        HIDE,
        /** The entry says that there are zeros, and the cluster is given up. */
        DROP
    }

    private Change changeOf(Slice slice, long at, long end, Aim aim) {
        int index = geometry.entryInSlice(at);
        BitSet invalid = slice.invalid;
        if (invalid != null && invalid.get(index)) {
            return Change.WRITE; // Which will find out.
        }
        boolean whole = end - at == geometry.clusterSize;
        if (aim == Aim.DISCARD && !whole) {
            return Change.NOTHING;
        }
        boolean zeros = readsAsZeros(slice, at, end, aim);
        long entry = map.entry(slice, index);
        if (whole && L2Entry.holdsCluster(entry) && (aim != Aim.ZERO || !L2Entry.isOwned(entry))) {
            return canDrop(at) ? Change.DROP : aim == Aim.DISCARD || zeros ? Change.NOTHING : Change.WRITE;
        }
        if (zeros) {
            return Change.NOTHING;
        }
        boolean canHide = hasZeroFlag
                && ((at | end) & ((1L << geometry.unitBits) - 1)) == 0
                && (whole || !L2Entry.isCompressed(entry));
        return canHide ? Change.HIDE : Change.WRITE;
    }

    private boolean readsAsZeros(Slice slice, long start, long end, Aim aim) {
        long unit = 1L << geometry.unitBits;
        for (long at = start; at < end; at = (at & -unit) + unit) {
            boolean zeros = switch (map.kind(slice, at)) {
                case ZERO -> true;
                case UNALLOCATED -> aim == Aim.DISCARD || !hasBacking(at);
                case DATA, COMPRESSED, INVALID -> false;
            };
            if (!zeros) {
                return false;
            }
        }
        return true;
    }

    /** True if a cluster that is given up reads as zeros. */
    private boolean canDrop(long at) {
        return hasZeroFlag || !hasBacking(at);
    }

    private boolean hasBacking(long at) {
        return geometry.clusterStart(at) < image.backingSize();
    }

    private void drop(Slice slice, long at) {
        int index = geometry.entryInSlice(at);
        long entry = map.entry(slice, index);
        if (geometry.extended) {
            map.change(slice, index, 0, L2Entry.zeros(0, Geometry.SUBCLUSTERS));
        } else {
            map.change(slice, index, hasZeroFlag ? L2Entry.ZERO : 0, 0);
        }
        image.leave(entry);
    }

    private void hide(Slice slice, long at, long end) {
        int index = geometry.entryInSlice(at);
        long entry = map.entry(slice, index);
        if (geometry.extended) {
            int first = (int) ((at & geometry.clusterMask) >>> geometry.unitBits);
            int last = first + (int) ((end - at) >>> geometry.unitBits);
            long others = map.bitmap(slice, index) & ~L2Entry.allocated(first, last);
            map.change(slice, index, entry, others | L2Entry.zeros(first, last));
        } else {
            map.change(slice, index, entry | L2Entry.ZERO, 0);
        }
    }
}
