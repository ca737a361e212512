package vmm.block.nbd;

import static vmm.block.nbd.Nbd.*;

/**
 * What a server said of an export when a connection was made.
 *
 * @param size in bytes
 * @param flags transmission flags of the protocol
 * @param minimumBlock what offsets and lengths are multiples of, in bytes: a power of two
 * @param preferredBlock what they had better be multiples of, in bytes: a power of two
 * @param maximumPayload the most bytes to read or write at a time
 * @param structured true if replies come in chunks
 */
record NbdExport(long size, int flags, int minimumBlock, int preferredBlock, int maximumPayload, boolean structured) {
    static final int DEFAULT_MINIMUM_BLOCK = 1;
    static final int DEFAULT_PREFERRED_BLOCK = 4096;
    /** What every server takes, and what a client does not exceed (proto.md, Size constraints). */
    static final int DEFAULT_MAXIMUM_PAYLOAD = 1 << 25;

    private static final int LARGEST_MINIMUM_BLOCK = 1 << 16;
    private static final int SECTOR = 512;

    /** An export whose server has told no sizes. */
    NbdExport(long size, int flags) {
        this(size, flags, DEFAULT_MINIMUM_BLOCK, DEFAULT_PREFERRED_BLOCK, DEFAULT_MAXIMUM_PAYLOAD, false);
    }

    /** The same with the sizes that a server told, each 32 bits without a sign. */
    NbdExport withSizes(int minimum, int preferred, int maximum) throws NbdException {
        long payload = Math.min(Integer.toUnsignedLong(maximum), DEFAULT_MAXIMUM_PAYLOAD);
        boolean possible = Integer.bitCount(minimum) == 1
                && minimum > 0
                && minimum <= LARGEST_MINIMUM_BLOCK
                && Integer.bitCount(preferred) == 1
                && Integer.compareUnsigned(preferred, minimum) >= 0
                && payload >= Math.max(minimum, SECTOR);
        if (!possible) {
            throw new NbdException("breaks the protocol: it tells block sizes of " + Integer.toUnsignedLong(minimum)
                    + ", " + Integer.toUnsignedLong(preferred) + " and " + Integer.toUnsignedLong(maximum) + " bytes");
        }
        int best = preferred < 0 ? DEFAULT_PREFERRED_BLOCK : Math.max(preferred, SECTOR);
        return new NbdExport(size, flags, minimum, best, (int) payload, structured);
    }

    /** The same with replies in chunks, or without. */
    NbdExport withReplies(boolean chunks) {
        return new NbdExport(size, flags, minimumBlock, preferredBlock, maximumPayload, chunks);
    }

    private boolean has(int flag) {
        return (flags & flag) != 0;
    }

    boolean readOnly() {
        return has(NBD_FLAG_READ_ONLY);
    }

    boolean canFlush() {
        return has(NBD_FLAG_SEND_FLUSH);
    }

    boolean canForceUnitAccess() {
        return has(NBD_FLAG_SEND_FUA);
    }

    boolean canTrim() {
        return has(NBD_FLAG_SEND_TRIM);
    }

    boolean canWriteZeroes() {
        return has(NBD_FLAG_SEND_WRITE_ZEROES);
    }

    /** True if a flush on one connection covers what was written by others. */
    boolean canMultiConn() {
        return has(NBD_FLAG_CAN_MULTI_CONN);
    }

    /** Looks whether a disk can live on it. */
    void check(boolean readOnly) throws NbdException {
        if (size <= 0 || size % SECTOR != 0) {
            throw new NbdException(
                    size == 0
                            ? "is empty: have the server export something that has a size"
                            : "has " + Long.toUnsignedString(size) + " bytes, which no disk has: have the server export"
                                    + " a multiple of " + SECTOR);
        }
        if (minimumBlock > SECTOR) {
            throw new NbdException("can only be read and written in blocks of " + minimumBlock
                    + " bytes, and a disk has blocks of " + SECTOR
                    + ": have the server accept those (nbdkit does with --filter=blocksize)");
        }
        if (readOnly() && !readOnly) {
            throw new NbdException("is exported read-only: use it readonly, or have the server export it for writing");
        }
    }

    /** Looks whether this, told later, is still the same disk as {@code before}. */
    void checkSameAs(NbdExport before) throws NbdException {
        if (size != before.size) {
            throw new NbdException("is not the same any more: it had " + before.size + " bytes and has "
                    + Long.toUnsignedString(size) + " now");
        }
        if (readOnly() && !before.readOnly()) {
            throw new NbdException("is not the same any more: it has become read-only");
        }
        if (!canMultiConn() && before.canMultiConn()) {
            throw new NbdException("is not the same any more: it cannot be shared by connections now");
        }
        if (minimumBlock > SECTOR) {
            throw new NbdException("is not the same any more: it wants blocks of " + minimumBlock + " bytes now");
        }
    }
}
