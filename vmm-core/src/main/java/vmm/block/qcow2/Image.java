package vmm.block.qcow2;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.block.BlockDevice;
import vmm.linux.Errno;

/**
 * An open image: its tables, and the one lock that guards what changes in them. The lock is held for as long as memory
 * is looked at, never for I/O: who needs something that is not in memory waits in a list and then looks again.
 */
final class Image {
    private static final Logger log = LoggerFactory.getLogger(Image.class);

    private final String name;
    private final BlockDevice file;
    private final Header header;
    private final Geometry geometry;
    private final @Nullable BlockDevice backing;
    private final ClusterMap map;
    private final List<SliceLoad> loads = new ArrayList<>();
    private volatile boolean corrupt;

    Image(String name, BlockDevice file, Header header, @Nullable BlockDevice backing, ClusterMap map) {
        this.name = name;
        this.file = file;
        this.header = header;
        this.geometry = header.geometry();
        this.backing = backing;
        this.map = map;
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

    ClusterMap map() {
        return map;
    }

    /**
     * Brings the entries for {@code guest} into memory.
     *
     * @return 0 if they are there; {@link Waiter#WAITING} if {@code waiter} will be resumed, for which its queue has to
     *     do its {@link Qcow2Queue#afterLock} now; or an error number
     */
    int load(long guest, Waiter waiter) {
        synchronized (this) {
            return require(map, geometry.l1Index(guest), geometry.sliceInTable(guest), waiter);
        }
    }

    /** As {@link #load}, for any table. Needs the lock. */
    private int require(Tables tables, int table, int part, Waiter waiter) {
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
            return corrupted("the reference to table " + table);
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

    /**
     * Notes that the image is damaged: it is not written any more.
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
        }
        return Errno.EIO;
    }
}
