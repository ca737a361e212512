package vmm.block.raw;

import vmm.block.BlockRequest;
import vmm.block.BlockRequest.Operation;
import vmm.linux.Errno;
import vmm.linux.IoVector;

/** A read or write straight between the file and the request's buffers. */
final class Transfer extends Movement {
    private static final IoVector NO_DATA = new IoVector(1);

    Transfer(FileQueue queue) {
        super(queue, NO_DATA);
    }

    @Override
    public void run() {
        BlockRequest request = request();
        move(request.operation() == Operation.WRITE, request.data(), request.offset());
    }

    @Override
    void moved(int errno) {
        end(errno);
    }

    @Override
    void metEnd(long bytesLeft) {
        end(Errno.EIO);
    }

    @Override
    void recycle() {
        queue().recycle(this);
    }
}
