package vmm.block.nbd;

import static vmm.block.nbd.Nbd.*;

import vmm.block.BlockRequest;
import vmm.linux.Errno;

/** Makes of a disk's request what a server can do: one command, or several one after the other. */
final class Planner {
    /** The most to zero by writing zeros, or at a time by a server that takes no more. */
    private static final int ZEROS_PART = 1 << 20;

    /** The most of a range without data at a time: a round number that fits into 32 bits. */
    private static final int RANGE_PART = 1 << 30;

    private final NbdExport export;
    private final boolean writethrough;
    private final boolean unmap;
    private int rangePart = RANGE_PART;

    /**
     * A planner for one connection.
     *
     * @param writethrough true if everything is to be on stable storage when it completes
     * @param unmap true if discards reach the server
     */
    Planner(NbdExport export, boolean writethrough, boolean unmap) {
        this.export = export;
        this.writethrough = writethrough;
        this.unmap = unmap;
    }

    /**
     * Sets {@code command} to what has to be asked next for its request; the same again, if it was not answered.
     *
     * @return false if nothing is left to ask: the request has ended well
     */
    boolean plan(Command command) {
        BlockRequest request = command.request();
        boolean flush = request.operation() == BlockRequest.Operation.FLUSH;
        long left = request.length() - command.position;
        if (left > 0 && !flush) {
            return planPart(command, request, left);
        }
        // proto.md, Ordering: without SEND_FUA, only a flush makes a write that was answered stable
        boolean wanted = flush || (isStable(request) && !export.canForceUnitAccess() && command.position > 0);
        set(command, NBD_CMD_FLUSH, 0, 0, 0);
        return wanted && !command.flushed && export.canFlush();
    }

    /** Notes that the server has done what was asked. */
    void done(Command command) {
        if (command.type == NBD_CMD_FLUSH) {
            command.flushed = true;
        } else {
            command.position += command.length;
        }
    }

    private boolean planPart(Command command, BlockRequest request, long left) {
        int stable = isStable(request) && export.canForceUnitAccess() ? NBD_CMD_FLAG_FUA : 0;
        long offset = request.offset() + command.position;
        switch (request.operation()) {
            case READ -> set(command, NBD_CMD_READ, 0, offset, part(offset, left, export.maximumPayload()));
            case WRITE -> set(command, NBD_CMD_WRITE, stable, offset, part(offset, left, export.maximumPayload()));
            case WRITE_ZEROES -> {
                if (export.canWriteZeroes()) {
                    int provisioned = request.mayUnmap() && unmap ? 0 : NBD_CMD_FLAG_NO_HOLE;
                    int flags = stable | provisioned;
                    set(command, NBD_CMD_WRITE_ZEROES, flags, offset, part(offset, left, rangePart));
                } else {
                    int most = Math.min(export.maximumPayload(), ZEROS_PART);
                    set(command, NBD_CMD_WRITE, stable, offset, part(offset, left, most));
                    command.zeros = true;
                }
            }
            case DISCARD -> {
                if (!export.canTrim() || !unmap) {
                    return false;
                }
                set(command, NBD_CMD_TRIM, stable, offset, part(offset, left, rangePart));
            }
            case FLUSH -> throw new IllegalStateException("A flush has no parts.");
        }
        return true;
    }

    private boolean isStable(BlockRequest request) {
        return request.operation().changesDisk() && (writethrough || request.mustBeStable());
    }

    private static void set(Command command, int type, int flags, long offset, int length) {
        command.type = type;
        command.flags = flags;
        command.offset = offset;
        command.length = length;
        command.zeros = false;
    }

    /** At most {@code most} bytes from {@code offset}, and where that cuts something, up to a good place for a cut. */
    private int part(long offset, long left, int most) {
        if (left <= most) {
            return (int) left;
        }
        long end = (offset + most) & -(long) export.preferredBlock();
        if (end <= offset) {
            end = (offset + most) & -(long) Math.max(export.minimumBlock(), 512);
        }
        return (int) (end - offset);
    }

    /**
     * Looks whether a command that the server refused can be asked for in smaller parts (proto.md, Size constraints: it
     * may refuse a range that is longer than what it takes data for).
     *
     * @param errno why it was refused
     */
    boolean canShorten(Command command, int errno) {
        boolean range = command.type == NBD_CMD_TRIM || command.type == NBD_CMD_WRITE_ZEROES;
        boolean size = errno == Errno.EOVERFLOW || errno == Errno.EINVAL;
        if (range && size && command.length > export.maximumPayload()) {
            rangePart = export.maximumPayload();
            return true;
        }
        return false;
    }
}
