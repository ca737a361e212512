package vmm.block.qcow2;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The slices that are in memory, found by table and part. When there are too many, those go that were not used since
 * the clock's hand came by last; what is pinned or dirty stays, beyond the capacity if need be.
 *
 * <p>Any thread may {@link #find}; everything else needs the image's lock.
 */
final class SliceCache {
    private static final VarHandle TABLES = MethodHandles.arrayElementVarHandle(Slice[][].class);
    private static final VarHandle PARTS = MethodHandles.arrayElementVarHandle(Slice[].class);

    private final int partsPerTable;
    private final int capacity;
    private final List<Slice> ring = new ArrayList<>();
    private final List<Slice> dirty = new ArrayList<>();
    private int hand;

    /** By table, then by part. Replaced when the image grows. */
    private volatile @Nullable Slice[] @Nullable [] tables;

    /**
     * An empty cache.
     *
     * @param tableCount how many tables there are
     * @param partsPerTable how many slices each has
     * @param capacity how many slices are to be kept
     */
    SliceCache(int tableCount, int partsPerTable, int capacity) {
        this.partsPerTable = partsPerTable;
        this.capacity = capacity;
        this.tables = new Slice[tableCount][];
    }

    /** The slice, if it is here. */
    @Nullable
    Slice find(int table, int part) {
        @Nullable Slice[] parts = (@Nullable Slice[]) TABLES.getAcquire(tables, table);
        if (parts == null) {
            return null;
        }
        Slice slice = (Slice) PARTS.getAcquire(parts, part);
        if (slice != null && !slice.used) {
            slice.used = true;
        }
        return slice;
    }

    /** Makes room for more tables. */
    void grow(int tableCount) {
        if (tableCount > tables.length) {
            tables = Arrays.copyOf(tables, tableCount);
        }
    }

    int tableCount() {
        return tables.length;
    }

    /** Shows {@code slice}, which is no part of the cache and never goes, as every slice of a table. */
    void showEverywhere(int table, Slice slice) {
        Slice[] parts = new Slice[partsPerTable];
        Arrays.fill(parts, slice);
        TABLES.setRelease(tables, table, parts);
    }

    /** Ends {@link #showEverywhere}. */
    void hide(int table) {
        TABLES.setRelease(tables, table, null);
    }

    /** Adds a slice that is not here, and lets another one go if there are too many. */
    void add(Slice slice) {
        if (ring.size() >= capacity) {
            evict();
        }
        @Nullable Slice[] parts = tables[slice.table];
        if (parts == null) {
            parts = new Slice[partsPerTable];
            TABLES.setRelease(tables, slice.table, parts);
        }
        PARTS.setRelease(parts, slice.part, slice);
        ring.add(slice);
    }

    private void evict() {
        // Twice around: the first time clears the marks.
        for (int looks = 2 * ring.size(); looks > 0 && ring.size() >= capacity; looks--) {
            hand = hand < ring.size() ? hand : 0;
            Slice slice = ring.get(hand);
            if (slice.evictable() && !slice.used) {
                remove(slice);
            } else {
                slice.used = false;
                hand++;
            }
        }
    }

    private void remove(Slice slice) {
        Slice last = ring.removeLast();
        if (last != slice) {
            ring.set(hand, last);
        }
        @Nullable Slice[] parts = tables[slice.table];
        if (parts != null) {
            PARTS.setRelease(parts, slice.part, null);
        }
    }

    /** The slices that are here, in no particular order. */
    List<Slice> all() {
        return ring;
    }

    /** Notes that {@code slice} is about to change. */
    void changing(Slice slice) {
        if (!slice.isDirty()) {
            dirty.add(slice);
        }
    }

    /** The slices that the file does not have as they are; who empties the list sees to it that it gets them. */
    List<Slice> dirty() {
        return dirty;
    }

    /** True if so much is dirty that the cache is hardly of use. */
    boolean isPressed() {
        return dirty.size() > capacity / 2;
    }
}
