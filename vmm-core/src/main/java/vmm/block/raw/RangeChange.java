package vmm.block.raw;

import vmm.block.BlockRequest;
import vmm.block.BlockRequest.Operation;
import vmm.linux.Errno;
import vmm.linux.Fallocate;
import vmm.linux.IoVector;

/** A discard, or the zeroing of a range: by the first {@link RangeMethod} that the file knows. */
final class RangeChange extends FileTask {
    private RangeMethod method = RangeMethod.WRITE;
    private long offset;
    private long length;

    /** A {@link RangeMethod#REFILL_HOLE} has its hole. */
    private boolean punched;

    private final ZeroWrite zeroWrite = new ZeroWrite();

    RangeChange(FileQueue queue) {
        super(queue);
    }

    @Override
    public void run() {
        BlockRequest request = request();
        offset = request.offset();
        length = request.length();
        if (request.operation() == Operation.DISCARD) {
            trim(disk().discardGranularity());
            if (length == 0) {
                end(0);
            } else {
                attempt(disk().isDevice() ? RangeMethod.DISCARD : RangeMethod.PUNCH_HOLE);
            }
        } else {
            attempt(request.mayUnmap() && disk().unmaps() ? RangeMethod.PUNCH_HOLE : RangeMethod.ZERO_RANGE);
        }
    }

    /** Leaves what is less than a unit of the storage alone: it could not be given back anyway. */
    private void trim(long unit) {
        if (unit == 0) {
            length = 0;
            return;
        }
        long end = (offset + length) / unit * unit;
        offset = (offset + unit - 1) / unit * unit;
        length = Math.max(end - offset, 0);
    }

    private void attempt(RangeMethod candidate) {
        method = candidate;
        punched = false;
        if (disk().excludes(candidate)) {
            tryNext();
            return;
        }
        switch (candidate) {
            case DISCARD -> queue().operations().discard(disk().fd(), offset, length, this);
            case PUNCH_HOLE, REFILL_HOLE -> fallocate(Fallocate.PUNCH_HOLE | Fallocate.KEEP_SIZE);
            case ZERO_RANGE -> fallocate(Fallocate.ZERO_RANGE | Fallocate.KEEP_SIZE);
            case WRITE -> {
                // Its writes lock for themselves.
                unlock();
                zeroWrite.begin();
            }
        }
    }

    private void fallocate(int mode) {
        queue().operations().fallocate(disk().fd(), mode, offset, length, this);
    }

    @Override
    public void completed(int result) {
        switch (-result) {
            case 0 -> {
                if (method == RangeMethod.REFILL_HOLE && !punched) {
                    punched = true;
                    fallocate(Fallocate.KEEP_SIZE);
                } else {
                    changed();
                }
            }
            case Errno.EINTR -> attempt(method);
            case Errno.EOPNOTSUPP, Errno.ENOTTY, Errno.ENOSYS -> {
                disk().exclude(method);
                tryNext();
            }
            // A range that is not aligned to the blocks of the device.
            case Errno.EINVAL -> tryNext();
            default -> end(-result);
        }
    }

    private void tryNext() {
        if (request().operation() == Operation.DISCARD) {
            end(0); // It was a hint.
            return;
        }
        switch (method) {
            case PUNCH_HOLE -> attempt(RangeMethod.ZERO_RANGE);
            case ZERO_RANGE -> attempt(disk().isDevice() ? RangeMethod.WRITE : RangeMethod.REFILL_HOLE);
            case REFILL_HOLE, DISCARD, WRITE -> attempt(RangeMethod.WRITE);
        }
    }

    private void changed() {
        if (disk().writesThrough() || request().mustBeStable()) {
            disk().flushes().flush(this);
        } else {
            end(0);
        }
    }

    @Override
    void flushed(int errno) {
        end(errno);
    }

    @Override
    void recycle() {
        queue().recycle(this);
    }

    /** Writes zeros to the range, as a request to the same queue for each part of it. */
    private final class ZeroWrite extends BlockRequest {
        private static final int BUFFERS = 16;

        private long partEnd;
        private long end;

        ZeroWrite() {
            super(new IoVector(BUFFERS));
        }

        void begin() {
            end = offset + length;
            next(offset);
        }

        private void next(long at) {
            data().clear();
            partEnd = at + data().addZeros(end - at);
            prepare(Operation.WRITE, at);
            if (request().mustBeStable()) {
                requireStable();
            }
            queue().submit(this);
        }

        @Override
        public void completed(int errno) {
            if (errno != 0 || partEnd == end) {
                RangeChange.this.end(errno);
            } else {
                next(partEnd);
            }
        }
    }
}
