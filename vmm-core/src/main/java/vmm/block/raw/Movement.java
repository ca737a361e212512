package vmm.block.raw;

import vmm.event.FileOperations;
import vmm.linux.DirectIo;
import vmm.linux.Errno;
import vmm.linux.IoVector;

/**
 * A task that moves buffers to or from a file until nothing is left of them: a call that moved less than asked, or was
 * interrupted, is followed by another.
 */
abstract class Movement extends FileTask {
    private IoVector data;
    private boolean write;
    private boolean stable;
    private long offset;

    /** The error of a write that was to be stable, whose cause is being found out; 0 if there is none. */
    private int suspected;

    /**
     * A free slot.
     *
     * @param data what it moves when nothing else is said
     */
    Movement(FileQueue queue, IoVector data) {
        super(queue);
        this.data = data;
    }

    /** Starts moving {@code buffers}, which are consumed. */
    final void move(boolean toFile, IoVector buffers, long at) {
        write = toFile;
        data = buffers;
        offset = at;
        stable = toFile && (disk().writesThrough() || request().mustBeStable());
        suspected = 0;
        go();
    }

    /** The end of {@link #move}: all has been moved, or an error number says why not. */
    abstract void moved(int errno);

    /**
     * The end of a {@link #move} from the file that has met its end: the file has shrunk, or it ends within a block.
     *
     * @param bytesLeft how much was not read
     */
    abstract void metEnd(long bytesLeft);

    private void go() {
        FileOperations operations = queue().operations();
        int fd = disk().fd();
        if (!write) {
            operations.readv(fd, data, offset, this);
        } else if (stable) {
            operations.writevStable(fd, data, offset, this);
        } else {
            operations.writev(fd, data, offset, this);
        }
    }

    @Override
    public final void completed(int result) {
        if (result == -Errno.EINTR || result == -Errno.EAGAIN) {
            go();
        } else if (suspected != 0) {
            judge(result);
        } else if (result < 0) {
            failed(result);
        } else {
            advance(result);
        }
    }

    private void advance(int result) {
        data.advance(result);
        offset += result;
        if (data.bytes() == 0) {
            moved(0);
        } else if (write) {
            if (result > 0) {
                go();
            } else {
                moved(Errno.EIO);
            }
        } else if (result == 0 || isWithinBlock()) {
            metEnd(data.bytes());
        } else {
            go();
        }
    }

    /** Direct I/O stops within a block only where the file ends. */
    private boolean isWithinBlock() {
        DirectIo direct = disk().directIo();
        return direct != null && (offset & (direct.offset() - 1)) != 0;
    }

    /**
     * A stable write fails in one of two ways. If it could not be written, nothing else is touched by that. If it could
     * not be made stable, this error may be about pages of earlier writes, too, and then it is the only time that it is
     * told: the {@link FlushGroup} must know. An ordinary write shows which of them it was.
     */
    private void failed(int result) {
        if (stable && !disk().isDirect()) {
            suspected = result;
            stable = false;
            go();
        } else {
            moved(-result);
        }
    }

    private void judge(int result) {
        moved(result == suspected ? -suspected : disk().flushes().lose(-suspected));
    }

    @Override
    final void flushed(int errno) {
        throw new IllegalStateException("Data that is moved is made stable by the write itself.");
    }
}
