package vmm.block.qcow2;

/** A slice on its way into memory, and who waits for it. Needs the image's lock. */
final class SliceLoad {
    final Tables tables;
    final Slice slice;

    /** Where in the file it is. */
    final long offset;

    final Waiter.List waiters = new Waiter.List();

    SliceLoad(Tables tables, Slice slice, long offset) {
        this.tables = tables;
        this.slice = slice;
        this.offset = offset;
    }

    boolean loads(Tables tables, int table, int part) {
        return this.tables.equals(tables) && slice.table == table && slice.part == part;
    }
}
