package vmm.block.qcow2;

/** A slice on its way into memory, and who waits for it. Needs the image's lock. */
final class SliceLoad implements Deferred {
    final Tables tables;
    final Slice slice;

    /** Where in the file it is. */
    final long offset;

    final Waiters waiters = new Waiters();

    SliceLoad(Tables tables, Slice slice, long offset) {
        this.tables = tables;
        this.slice = slice;
        this.offset = offset;
    }

    @Override
    public void start(Qcow2Queue queue) {
        queue.sliceRead().start(this);
    }

    boolean loads(Tables tables, int table, int part) {
        return this.tables.equals(tables) && slice.table == table && slice.part == part;
    }
}
