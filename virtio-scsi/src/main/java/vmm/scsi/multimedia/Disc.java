package vmm.scsi.multimedia;

import java.util.concurrent.atomic.AtomicInteger;
import vmm.block.BlockDevice;

/**
 * A disc in a drive. It is closed when it has left the drive and the last command that reads it has ended. Any thread
 * may call.
 */
final class Disc {
    /** The size of a logical block in bytes (MMC-6, Mode 1 user data). */
    static final int BLOCK = 2048;

    static final int BLOCK_SHIFT = 11;

    /** What fits on a CD: 80 minutes of 60 seconds of 75 blocks. What is larger is a DVD. */
    private static final long LARGEST_CD = 80L * 60 * 75;

    private static final int DRIVE = 1;

    private final BlockDevice medium;
    private final long blocks;

    /** How many use it: the drive, and each command that reads. */
    private final AtomicInteger users = new AtomicInteger(DRIVE);

    /** A disc that a drive has just taken in. */
    Disc(BlockDevice medium) {
        this.medium = medium;
        this.blocks = Math.min(medium.size() >>> BLOCK_SHIFT, 0xffff_ffffL);
    }

    /** Where its blocks are. */
    BlockDevice medium() {
        return medium;
    }

    /** How many logical blocks it has, below 2^32. */
    long blocks() {
        return blocks;
    }

    /** True for a DVD-ROM, false for a CD-ROM. */
    boolean isDvd() {
        return blocks > LARGEST_CD;
    }

    /** Begins to use the disc; false if it is gone. */
    boolean enter() {
        int now = users.get();
        while (now != 0) {
            int seen = users.compareAndExchange(now, now + 1);
            if (seen == now) {
                return true;
            }
            now = seen;
        }
        return false;
    }

    /** Ends a use, of the drive or of a command. */
    void leave() {
        if (users.decrementAndGet() == 0) {
            medium.close();
        }
    }
}
