package vmm.block.qcow2;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import vmm.linux.Errno;

/** Decides where writes go that the mapping has no place for, and leads the mapping there. Needs the image's lock. */
final class AllocationPlanner {
    /** Large enough that the cost of planning does not show, small enough for others to get their turn. */
    private static final int MOST_CLUSTERS = 1024;

    private final Image image;
    private final Geometry geometry;
    private final ClusterMap map;
    private final Refcounts refcounts;
    private final Allocator allocator;

    /** The allocations under way: they have clusters of the disk to themselves. */
    private final List<Allocation> underWay = new ArrayList<>();

    AllocationPlanner(Image image, ClusterMap map, Refcounts refcounts, Allocator allocator) {
        this.image = image;
        this.geometry = image.geometry();
        this.map = map;
        this.refcounts = refcounts;
        this.allocator = allocator;
    }

    /**
     * Lets {@code waiter} wait if the cluster at {@code guest} is being allocated.
     *
     * @return 0 if it is not, or {@link Waiter#WAITING}
     */
    int awaitOthers(long guest, Waiter waiter) {
        for (Allocation other : underWay) {
            if (other.firstCluster() <= guest && guest < other.endOfClusters()) {
                other.waiters.add(waiter);
                return Waiter.WAITING;
            }
        }
        return 0;
    }

    /** How much of {@code length} bytes from {@code guest} on is in front of the next allocation. */
    long untilOthers(long guest, long length) {
        long most = length;
        for (Allocation other : underWay) {
            if (other.firstCluster() > guest) {
                most = Math.min(most, other.firstCluster() - guest);
            }
        }
        return most;
    }

    /**
     * Plans a write from {@code guest} on.
     *
     * @param length how much is to be written
     * @param plan told where, and how much of it; a length of 0 if the mapping has a place by now
     * @return 0, {@link Waiter#WAITING}, or an error number
     */
    int plan(long guest, long length, Waiter waiter, Allocation plan) {
        int outcome = awaitOthers(guest, waiter);
        if (outcome == 0) {
            outcome = image.creations().haveTable(geometry.l1Index(guest), waiter);
        }
        if (outcome == 0) {
            outcome = image.haveMapping(guest, waiter);
        }
        return outcome == 0 ? choose(guest, untilOthers(guest, length), waiter, plan) : outcome;
    }

    private int choose(long guest, long length, Waiter waiter, Allocation plan) {
        Slice slice = map.slice(guest);
        int index = geometry.entryInSlice(guest);
        BitSet invalid = slice.invalid;
        if (invalid != null && invalid.get(index)) {
            return image.corrupted("the L2 entry for offset " + guest);
        }
        long entry = map.entry(slice, index);
        plan.guest = guest;
        plan.length = 0;
        if (isWritable(slice, guest)) {
            return 0;
        }
        plan.isNew = !L2Entry.isOwned(entry);
        long inCluster = guest & geometry.clusterMask;
        long spanned = Math.min(geometry.clusters(inCluster + length), MOST_CLUSTERS);
        plan.clusters = alike(slice, index, (int) spanned, plan.isNew);
        plan.host = L2Entry.offset(entry);
        plan.untouched = false;
        if (plan.isNew) {
            int outcome = allocator.find(plan.clusters, waiter);
            if (outcome != 0) {
                return outcome;
            }
            plan.clusters = allocator.count();
            plan.host = allocator.first() << geometry.clusterBits;
            plan.untouched = allocator.isUntouched(allocator.first());
        }
        plan.length = Math.min(length, ((long) plan.clusters << geometry.clusterBits) - inCluster);
        if (!plan.isNew && geometry.extended) {
            plan.length = untilWritable(slice, plan);
        }
        planCopies(slice, index, plan);
        begin(slice, plan);
        return 0;
    }

    private boolean isWritable(Slice slice, long guest) {
        return map.kind(slice, guest) == Extent.Kind.DATA
                && L2Entry.isOwned(map.entry(slice, geometry.entryInSlice(guest)));
    }

    /** How many clusters from {@code index} on can be done in the same way, up to {@code most}. */
    private int alike(Slice slice, int index, int most, boolean isNew) {
        long first = map.entry(slice, index);
        BitSet invalid = slice.invalid;
        int count = 1;
        while (count < most && index + count < 1 << geometry.sliceBits) {
            long entry = map.entry(slice, index + count);
            boolean alike = isNew
                    ? !L2Entry.isOwned(entry)
                    : !geometry.extended && entry == first + ((long) count << geometry.clusterBits);
            if (!alike || (invalid != null && invalid.get(index + count))) {
                break;
            }
            count++;
        }
        return count;
    }

    /** Others may be writing to subclusters that show already, so those are not for this allocation. */
    private long untilWritable(Slice slice, Allocation plan) {
        long unitSize = 1L << geometry.unitBits;
        long length = Math.min(plan.length, unitSize - (plan.guest & (unitSize - 1)));
        while (length < plan.length && !isWritable(slice, plan.guest + length)) {
            length = Math.min(plan.length, length + unitSize);
        }
        return length;
    }

    private void planCopies(Slice slice, int index, Allocation plan) {
        planHead(slice, index, plan);
        planTail(slice, index + plan.clusters - 1, plan);
        if (plan.readsHead && plan.readsTail && plan.clusters > 1) {
            // A buffer has room for the copies of one cluster.
            plan.clusters--;
            plan.length = ((long) plan.clusters << geometry.clusterBits) - (plan.guest & geometry.clusterMask);
            planTail(slice, index + plan.clusters - 1, plan);
        }
    }

    private void planHead(Slice slice, int index, Allocation plan) {
        long unit = unitOfCopy(map.entry(slice, index));
        plan.from = plan.guest & -unit;
        plan.readsHead = plan.from < plan.guest && showsData(slice, unit, plan.from, plan.guest);
    }

    private void planTail(Slice slice, int index, Allocation plan) {
        long unit = unitOfCopy(map.entry(slice, index));
        long end = plan.guest + plan.length;
        plan.to = (end + unit - 1) & -unit;
        plan.readsTail = end < Math.min(plan.to, image.size()) && showsData(slice, unit, end, plan.to);
    }

    /** What has to be written as a whole: a cluster that stays behind takes none of its subclusters along. */
    private long unitOfCopy(long entry) {
        return L2Entry.isLeftBehind(entry) ? geometry.clusterSize : 1L << geometry.unitBits;
    }

    /** True unless the disk reads as zeros in a part of a unit, from {@code start} to {@code end}. */
    private boolean showsData(Slice slice, long unit, long start, long end) {
        if (unit < geometry.clusterSize || !geometry.extended) {
            return switch (map.kind(slice, end - 1)) {
                case ZERO -> false;
                case UNALLOCATED -> start < image.backingSize();
                case DATA, COMPRESSED, INVALID -> true;
            };
        }
        return true;
    }

    private void begin(Slice slice, Allocation plan) {
        plan.mapping = slice;
        slice.pins++;
        if (plan.isNew) {
            long cluster = plan.host >>> geometry.clusterBits;
            Slice counts = refcounts.slice(cluster);
            plan.refcounts = counts;
            counts.pins++;
            allocator.reserve(cluster, plan.clusters);
        }
        underWay.add(plan);
    }

    /**
     * Ends an allocation: without an error, the mapping leads to what was written from now on.
     *
     * @return 0, or the error number to tell
     */
    int finish(Allocation plan, int errno) {
        Slice slice = plan.mapping;
        if (slice == null) {
            throw new IllegalStateException("An allocation ends that was not planned.");
        }
        underWay.remove(plan);
        plan.mapping = null;
        slice.pins--;
        int outcome = errno == 0 && !image.isWritable() ? Errno.EIO : errno;
        if (outcome == 0) {
            lead(slice, plan);
        }
        Slice counts = plan.refcounts;
        if (counts != null) {
            long cluster = plan.host >>> geometry.clusterBits;
            if (outcome == 0) {
                allocator.use(cluster, plan.clusters);
            } else {
                allocator.giveBack(cluster, plan.clusters);
            }
            plan.refcounts = null;
            counts.pins--;
        }
        return outcome;
    }

    private void lead(Slice slice, Allocation plan) {
        long start = plan.firstCluster();
        int index = geometry.entryInSlice(start);
        for (int i = 0; i < plan.clusters; i++) {
            long offset = (long) i << geometry.clusterBits;
            long old = map.entry(slice, index + i);
            long bitmap = 0;
            if (geometry.extended) {
                int first = (int) (Math.max(plan.from - start - offset, 0) >>> geometry.unitBits);
                int last = (int) (Math.min(plan.to - start - offset, geometry.clusterSize) >>> geometry.unitBits);
                long before = L2Entry.isLeftBehind(old) ? 0 : map.bitmap(slice, index + i);
                bitmap = (before | L2Entry.allocated(first, last)) & ~L2Entry.zeros(first, last);
            }
            map.change(slice, index + i, (plan.host + offset) | L2Entry.COPIED, bitmap);
            if (plan.isNew) {
                image.leave(old);
            }
        }
    }
}
