package vmm.block;

import vmm.event.EventLoop;

/** A disk that somebody else closes: a way to it that may be given up while the disk stays open. */
public final class BorrowedDisk extends FilterDisk {
    private final Runnable returned;

    /**
     * A way to {@code disk}.
     *
     * @param returned what to do when it is given up, by whichever thread
     */
    public BorrowedDisk(BlockDevice disk, Runnable returned) {
        super(disk);
        this.returned = returned;
    }

    @Override
    public BlockQueue openQueue(EventLoop loop) {
        return inner().openQueue(loop);
    }

    /** Gives the way up. Call once. */
    @Override
    public void close() {
        returned.run();
    }
}
