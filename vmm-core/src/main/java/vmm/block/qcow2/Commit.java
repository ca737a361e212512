package vmm.block.qcow2;

import java.util.BitSet;
import java.util.List;

/**
 * Brings all that has changed in the image's tables to stable storage, with the data that they lead to, in an order in
 * which the file makes sense after each write; see the package's description. Belongs to a queue; an image has one
 * under way at most.
 */
final class Commit extends MetadataWriter implements Deferred {
    /** Refcounts that grew, and tables that nothing leads to yet. Its flush covers the data as well. */
    private static final int COUNTS = 0;

    /** What leads to new refcount blocks. */
    private static final int COUNT_TABLE = 1;

    /** The header, if a table has moved or the disk has grown. */
    private static final int HEADER = 2;

    /** What leads to data. */
    private static final int MAPPING = 3;

    private final BitSet mappingChunks = new BitSet();
    private final BitSet countChunks = new BitSet();
    private boolean mappingMoved;
    private boolean countsMoved;
    private boolean headerChanged;

    /** What nothing leads to any more when this is done. */
    private final LongList frees = new LongList();

    /** Who waits for what was changed so far. */
    final Waiters waiters = new Waiters();

    Commit(Qcow2Queue queue) {
        super(queue, MAPPING + 1);
    }

    @Override
    public void start(Qcow2Queue queue) {
        Image image = queue.image();
        synchronized (image) {
            stage(image);
            image.commitBegins(this);
        }
        queue.afterLock();
        begin();
    }

    private void stage(Image image) {
        RootTable counts = image.refcounts().root();
        RootTable mapping = image.map().root();
        stage(image.refcounts(), COUNTS);
        countsMoved = counts.moved();
        mappingMoved = mapping.moved();
        stage(counts, countChunks, countsMoved ? COUNTS : COUNT_TABLE);
        stage(mapping, mappingChunks, mappingMoved ? COUNTS : MAPPING);
        stage(image.map(), MAPPING);
        headerChanged = image.takeHeaderChange() || countsMoved || mappingMoved;
        if (headerChanged) {
            add(HEADER).stage(image.headerSector(), 0);
        }
        frees.addAll(image.frees());
        image.frees().clear();
    }

    private void stage(Tables tables, int group) {
        List<Slice> dirty = tables.cache().dirty();
        for (Slice slice : dirty) {
            add(group).stage(tables, slice, tables.offsetOf(slice.table, slice.part));
        }
        dirty.clear();
    }

    private void stage(RootTable table, BitSet chunks, int group) {
        chunks.clear();
        chunks.or(table.dirtyChunks());
        for (int i = chunks.nextSetBit(0); i >= 0; i = chunks.nextSetBit(i + 1)) {
            add(group).stage(table.chunk(i), table.offset() + 8L * RootTable.CHUNK_WORDS * i);
        }
        table.markClean();
    }

    @Override
    boolean needsFlush(int group, boolean empty) {
        return group == COUNTS || !empty;
    }

    @Override
    void written(int errno) {
        Image image = queue.image();
        synchronized (image) {
            settle(errno == 0);
            if (errno != 0) {
                image.refcounts().root().markDirty(countChunks, countsMoved);
                image.map().root().markDirty(mappingChunks, mappingMoved);
                image.frees().addAll(frees);
                if (headerChanged) {
                    image.changeHeader();
                }
            } else {
                image.reclaimer().add(frees);
            }
            frees.clear();
            image.commitEnds(this, errno);
        }
        queue.afterLock();
    }

    /** Nothing here waits. */
    @Override
    void resume(int errno) {
        throw new IllegalStateException("A commit was resumed.");
    }
}
