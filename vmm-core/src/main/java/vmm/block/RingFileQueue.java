package vmm.block;

import org.jspecify.annotations.Nullable;
import vmm.event.EventLoop;
import vmm.event.IoCompletion;
import vmm.linux.Errno;

/** Requests to a file through a worker's ring. */
final class RingFileQueue implements BlockQueue {
    private final RawDisk disk;
    private final EventLoop loop;
    private @Nullable Transfer free;

    RingFileQueue(RawDisk disk, EventLoop loop) {
        this.disk = disk;
        this.loop = loop;
    }

    @Override
    public void submit(BlockRequest request) {
        int errno = request.begin(disk);
        boolean nothing = request.operation() == BlockRequest.Operation.FLUSH ? disk.readOnly() : request.length() == 0;
        if (errno != 0 || nothing) {
            request.end(errno);
            return;
        }
        Transfer transfer = free;
        if (transfer == null) {
            transfer = new Transfer();
        } else {
            free = transfer.next;
        }
        transfer.start(request);
    }

    /** A request on its way, used again for others; as many as were ever in flight at once. */
    private final class Transfer implements IoCompletion {
        private @Nullable Transfer next;
        private @Nullable BlockRequest request;
        private long offset;

        void start(BlockRequest request) {
            this.request = request;
            this.offset = request.offset();
            go(request);
        }

        private void go(BlockRequest request) {
            switch (request.operation()) {
                case READ -> loop.readv(disk.fd(), request.data(), offset, this);
                case WRITE -> loop.writev(disk.fd(), request.data(), offset, this);
                case FLUSH -> loop.fdatasync(disk.fd(), this);
                case DISCARD -> end(request, 0);
                case WRITE_ZEROES -> end(request, Errno.EOPNOTSUPP);
            }
        }

        @Override
        public void completed(int result) {
            BlockRequest current = request;
            if (current == null) {
                throw new IllegalStateException("An operation on " + disk.name() + " has completed twice.");
            }
            if (result == -Errno.EINTR || result == -Errno.EAGAIN) {
                go(current);
            } else if (result < 0) {
                end(current, -result);
            } else if (current.operation() == BlockRequest.Operation.FLUSH) {
                end(current, 0);
            } else if (result == 0) {
                end(current, Errno.EIO); // The file has shrunk.
            } else {
                advance(current, result);
            }
        }

        private void advance(BlockRequest current, int moved) {
            current.data().advance(moved);
            offset += moved;
            if (current.data().bytes() > 0) {
                go(current);
            } else {
                end(current, 0);
            }
        }

        private void end(BlockRequest current, int errno) {
            request = null;
            next = free;
            free = this;
            current.end(errno);
        }
    }
}
