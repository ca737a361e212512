package vmm.block.qcow2;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.block.BlockDevice;
import vmm.linux.Errno;
import vmm.linux.HostException;

/**
 * An open image: its tables, and the one lock that guards what changes in them. The lock is held for as long as memory
 * is looked at, never for I/O: who needs something that is not in memory waits in a list and then looks again.
 */
final class Image {
    private static final Logger log = LoggerFactory.getLogger(Image.class);

    /** So many clusters at most wait for a commit to be given up. */
    private static final int MOST_FREES = 8192;

    /** The file grows by at least so much at a time, */
    private static final long LEAST_GROWTH = 1 << 20;

    /** and by no more than so much beyond what is needed. */
    private static final long MOST_GROWTH = 64 << 20;

    private final String name;
    private final BlockDevice file;
    private final Header header;
    private final Geometry geometry;
    private final @Nullable BlockDevice backing;
    private final boolean discards;
    private final MetadataClusters metadata;
    private final ClusterMap map;
    private final Refcounts refcounts;
    private final Allocator allocator;
    private final TableCreations creations;
    private final AllocationPlanner planner;
    private final Clearing clearing;
    private final Reclaimer reclaimer = new Reclaimer();
    private final List<SliceLoad> loads = new ArrayList<>();

    /** Clusters that nothing in memory leads to any more, as often as something did. */
    private final LongList frees = new LongList();

    /** The first sector of the file. */
    private final byte[] headerSector;

    private boolean headerChanged;

    /** Who waits for the next commit to end. */
    private final Waiters commitWaiters = new Waiters();

    /** Who waits for the next commit to begin, since there is too much for it already. */
    private final Waiters pressed = new Waiters();

    /** True while a commit or a reclaim is under way, or about to start. */
    private boolean busy;

    private int lastCommit;

    /** True if the file has all that the tables in memory say, on stable storage. */
    private volatile boolean clean = true;

    private volatile long size;
    private volatile boolean corrupt;
    private volatile boolean markWanted;

    /**
     * An image whose root tables have been read.
     *
     * @param parts what was read of it
     * @param discards true if clusters that become free are given back to the file system
     */
    Image(String name, BlockDevice file, ImageParts parts, @Nullable BlockDevice backing, boolean discards) {
        this.name = name;
        this.file = file;
        this.header = parts.header();
        this.geometry = header.geometry();
        this.backing = backing;
        this.discards = discards && file.discardGranularity() > 0;
        this.metadata = parts.metadata();
        this.map = parts.map();
        this.refcounts = parts.refcounts();
        this.headerSector = parts.headerSector().array();
        this.size = header.size();
        this.allocator = new Allocator(this, refcounts, metadata);
        this.creations = new TableCreations(this, map, refcounts);
        this.planner = new AllocationPlanner(this, map, refcounts, allocator);
        this.clearing = new Clearing(this, map);
    }

    BlockDevice file() {
        return file;
    }

    Header header() {
        return header;
    }

    Geometry geometry() {
        return geometry;
    }

    @Nullable
    BlockDevice backing() {
        return backing;
    }

    /** How many bytes lie behind the image. */
    long backingSize() {
        return backing == null ? 0 : backing.size();
    }

    /** The disk's size in bytes. */
    long size() {
        return size;
    }

    ClusterMap map() {
        return map;
    }

    Refcounts refcounts() {
        return refcounts;
    }

    MetadataClusters metadata() {
        return metadata;
    }

    Allocator allocator() {
        return allocator;
    }

    TableCreations creations() {
        return creations;
    }

    AllocationPlanner planner() {
        return planner;
    }

    Reclaimer reclaimer() {
        return reclaimer;
    }

    LongList frees() {
        return frees;
    }

    /** True if clusters that become free are given back to the file system. */
    boolean discardsToFile() {
        return discards;
    }

    /** True unless the image was found damaged. Any thread. */
    boolean isWritable() {
        return !corrupt;
    }

    /** True if a flush of the file is all that a flush takes. Any thread. */
    boolean isClean() {
        return clean;
    }

    // What operations call, without the lock. After WAITING and after anything that may wake others, the queue has to
    // do its afterLock.

    /**
     * Brings the entries for {@code guest} into memory.
     *
     * @return 0 if they are there, {@link Waiter#WAITING} if {@code waiter} will be resumed, or an error number
     */
    synchronized int load(long guest, Waiter waiter) {
        return haveMapping(guest, waiter);
    }

    /** A load that {@code queue} started has ended. */
    void loaded(SliceLoad load, int errno, Qcow2Queue queue) {
        synchronized (this) {
            loads.remove(load);
            if (errno == 0) {
                load.tables.add(load.slice);
            }
            load.waiters.wake(queue.woken, errno);
        }
        queue.afterLock();
    }

    /** See {@link AllocationPlanner#plan}. */
    synchronized int plan(long guest, long length, Waiter waiter, Allocation plan) {
        int outcome = relieve(waiter);
        return outcome == 0 ? planner.plan(guest, length, waiter, plan) : outcome;
    }

    /** See {@link AllocationPlanner#finish}. */
    synchronized int finish(Allocation plan, int errno) {
        clean = false;
        int outcome = planner.finish(plan, errno);
        plan.waiters.wake(plan.queue.woken, 0);
        return outcome;
    }

    /** See {@link Clearing#clear}. */
    synchronized int clear(long guest, long length, Clearing.Aim aim, Waiter waiter, Clearing.Step step) {
        int outcome = relieve(waiter);
        if (outcome == 0) {
            outcome = clearing.clear(guest, length, aim, waiter, step);
        }
        if (outcome == 0) {
            clean = false;
        }
        return outcome;
    }

    /** A table that {@code queue} was to create is filled, or could not be. */
    void created(TableCreation creation, int errno, Qcow2Queue queue) {
        synchronized (this) {
            clean = false;
            creations.ended(creation, errno);
            creation.waiters.wake(queue.woken, errno);
        }
        queue.afterLock();
    }

    /**
     * Brings what the tables say, and the data that was written so far, to stable storage.
     *
     * @return 0 if the tables are there already, and only the file has to be flushed; {@link Waiter#WAITING} if
     *     {@code waiter} will be resumed when all is done; or an error number
     */
    synchronized int flush(Waiter waiter) {
        if (clean) {
            return 0;
        }
        if (corrupt) {
            return Errno.EIO;
        }
        commitWaiters.add(waiter);
        proceed(waiter.queue);
        return Waiter.WAITING;
    }

    /** True if nothing is under way by itself. */
    synchronized boolean isIdle() {
        return !busy;
    }

    /** True if the file has everything, and nothing that is given up waits to be free. */
    synchronized boolean isSettled() {
        return corrupt || (clean && !busy && reclaimer.isEmpty());
    }

    /** Gives back what the file has beyond its last cluster. After {@link #isSettled}. */
    synchronized void trim() {
        long end = allocator.untouched();
        if (end < file.size()) {
            resizeFile(end);
        }
    }

    /** Requests of the last age have ended: perhaps all of them. */
    void reclaim(Qcow2Queue queue) {
        synchronized (this) {
            proceed(queue);
        }
        queue.afterLock();
    }

    // What needs the lock.

    /** Starts what is due, if nothing is under way. */
    private void proceed(Qcow2Queue queue) {
        if (busy || corrupt) {
            return;
        }
        if (reclaimer.advance()) {
            busy = true;
            queue.startLater(queue.newReclaim());
        } else if (!commitWaiters.isEmpty() || isPressed()) {
            busy = true;
            queue.startLater(queue.commit());
        }
    }

    private boolean isPressed() {
        return map.cache().isPressed() || refcounts.cache().isPressed() || frees.size() > MOST_FREES;
    }

    /** Sees to it that changes do not pile up without a bound. */
    private int relieve(Waiter waiter) {
        if (corrupt) {
            return Errno.EIO;
        }
        if (!isPressed()) {
            return 0;
        }
        boolean wait = busy || lastCommit != 0;
        if (wait) {
            pressed.add(waiter);
        }
        proceed(waiter.queue);
        return wait ? Waiter.WAITING : 0;
    }

    /** All that has changed so far is in {@code commit}. */
    void commitBegins(Commit commit) {
        for (Waiter waiter = commitWaiters.poll(); waiter != null; waiter = commitWaiters.poll()) {
            commit.waiters.add(waiter);
        }
        if (lastCommit == 0) {
            pressed.wake(commit.queue.woken, 0);
        }
    }

    void commitEnds(Commit commit, int errno) {
        busy = false;
        lastCommit = errno;
        clean = errno == 0
                && map.cache().dirty().isEmpty()
                && refcounts.cache().dirty().isEmpty()
                && map.root().isClean()
                && refcounts.root().isClean()
                && !headerChanged
                && frees.isEmpty();
        commit.waiters.wake(commit.queue.woken, errno);
        pressed.wake(commit.queue.woken, errno);
        // What could not be written is tried again when somebody asks for it, not for as long as the file fails.
        if (errno == 0 || !commitWaiters.isEmpty()) {
            proceed(commit.queue);
        }
    }

    void reclaimEnds(Qcow2Queue queue) {
        busy = false;
        clean &= refcounts.cache().dirty().isEmpty();
        proceed(queue);
    }

    /**
     * Takes one reference from each of {@code clusters}, which are sorted and whose refcounts are in memory, and stages
     * the refcounts that nothing else has changed: the others come with the next commit, as what they count has to.
     */
    void takeReferences(LongList clusters, MetadataWriter writer) {
        List<Slice> dirty = refcounts.cache().dirty();
        int before = dirty.size();
        for (int i = 0; i < clusters.size(); i++) {
            long cluster = clusters.get(i);
            Slice slice = refcounts.slice(cluster);
            long count = refcounts.get(slice, refcounts.indexOf(cluster));
            if (count == 0) {
                corrupted("the refcount of cluster " + cluster);
                continue;
            }
            refcounts.set(cluster, count - 1);
            if (count == 1) {
                allocator.freed(cluster);
            }
        }
        for (int i = before; i < dirty.size(); i++) {
            Slice slice = dirty.get(i);
            writer.add(0).stage(refcounts, slice, refcounts.offsetOf(slice.table, slice.part));
        }
        dirty.subList(before, dirty.size()).clear();
    }

    /** Brings the entries for {@code guest} into memory. See {@link #load}. */
    int haveMapping(long guest, Waiter waiter) {
        return require(map, geometry.l1Index(guest), geometry.sliceInTable(guest), waiter);
    }

    /** Brings the refcount of a cluster that is in use into memory. */
    int haveExistingRefcount(long cluster, Waiter waiter) {
        int block = refcounts.blockOf(cluster);
        if (refcounts.isAbsent(block)) {
            return corrupted("the refcount of cluster " + cluster);
        }
        return require(refcounts, block, refcounts.partOf(cluster), waiter);
    }

    /**
     * Brings a slice into memory.
     *
     * @return 0 if it is there, {@link Waiter#WAITING}, or an error number
     */
    int require(Tables tables, int table, int part, Waiter waiter) {
        if (tables.find(table, part) != null) {
            return 0;
        }
        for (SliceLoad load : loads) {
            if (load.loads(tables, table, part)) {
                load.waiters.add(waiter);
                return Waiter.WAITING;
            }
        }
        long offset = tables.offsetOf(table, part);
        if (offset == Tables.INVALID) {
            return corrupted("the reference to a table, number " + table + ",");
        }
        if (offset == Tables.ABSENT) {
            tables.addAbsent(table);
            return 0;
        }
        SliceLoad load = new SliceLoad(tables, tables.create(table, part), offset);
        load.waiters.add(waiter);
        loads.add(load);
        waiter.queue.startLater(load);
        return Waiter.WAITING;
    }

    /**
     * Sees to it that the file reaches to {@code end}.
     *
     * @return 0 or an error number
     */
    int haveRoom(long end) {
        long there = file.size();
        if (end <= there) {
            return 0;
        }
        long ample = geometry.roundUp(end + Math.clamp(end / 8, LEAST_GROWTH, MOST_GROWTH));
        return resizeFile(ample) || resizeFile(end) ? 0 : Errno.ENOSPC;
    }

    private boolean resizeFile(long end) {
        try {
            file.resize(end);
            return true;
        } catch (HostException e) {
            log.debug("Disk {}: the file cannot get {} bytes.", name, end, e);
            return false;
        }
    }

    /** Notes that an L2 entry has changed that was {@code entry}. */
    void leave(long entry) {
        if (L2Entry.isCompressed(entry)) {
            long offset = L2Entry.compressedOffset(entry, geometry.clusterBits);
            long end = offset + L2Entry.compressedLength(entry, geometry.clusterBits);
            for (long at = geometry.clusterStart(offset); at < end; at += geometry.clusterSize) {
                frees.add(at >>> geometry.clusterBits);
            }
        } else if (L2Entry.offset(entry) != 0) {
            frees.add(L2Entry.offset(entry) >>> geometry.clusterBits);
        }
    }

    /** Notes that the header is not what the file has. */
    void changeHeader() {
        headerChanged = true;
    }

    boolean takeHeaderChange() {
        boolean changed = headerChanged;
        headerChanged = false;
        return changed;
    }

    /** The first sector of the file as it is to be. */
    byte[] headerSector() {
        ByteBuffer sector = ByteBuffer.wrap(headerSector);
        sector.putLong(Header.SIZE, size);
        sector.putInt(Header.L1_SIZE, map.root().size());
        sector.putLong(Header.L1_OFFSET, map.root().offset());
        sector.putLong(Header.REFCOUNT_TABLE_OFFSET, refcounts.root().offset());
        sector.putInt(Header.REFCOUNT_TABLE_CLUSTERS, (int)
                geometry.clusters((long) refcounts.root().size() * Long.BYTES));
        if (corrupt && header.version() > 2) {
            sector.putLong(Header.INCOMPATIBLE, sector.getLong(Header.INCOMPATIBLE) | Header.CORRUPT);
        }
        return headerSector;
    }

    /**
     * Notes that the image is damaged: it is not written any more, but for a mark in the header that says so. Any
     * thread, with or without the lock; the queue's {@link Qcow2Queue#afterLock} writes the mark.
     *
     * @param what is wrong
     * @return the error number for whoever found out
     */
    int corrupted(String what) {
        if (!corrupt) {
            corrupt = true;
            log.error(
                    "Disk {} is damaged: {} is wrong. It is not written any more; repair it with qemu-img check -r all"
                            + " {}.",
                    name,
                    what,
                    name);
            markWanted = header.version() > 2 && !file.readOnly();
        }
        return Errno.EIO;
    }

    /** True once if the header has to be marked. */
    boolean takeMark() {
        if (!markWanted) {
            return false;
        }
        synchronized (this) {
            boolean wanted = markWanted;
            markWanted = false;
            return wanted;
        }
    }
}
