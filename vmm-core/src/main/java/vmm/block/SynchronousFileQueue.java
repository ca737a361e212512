package vmm.block;

import vmm.linux.Errno;
import vmm.linux.FileIo;
import vmm.linux.IoVector;

/** Requests to a file that never waits, done on the spot. */
final class SynchronousFileQueue implements BlockQueue {
    private final RawDisk disk;

    SynchronousFileQueue(RawDisk disk) {
        this.disk = disk;
    }

    @Override
    public void submit(BlockRequest request) {
        int errno = request.begin(disk);
        request.end(errno == 0 ? perform(request) : errno);
    }

    private int perform(BlockRequest request) {
        if (request.operation() == BlockRequest.Operation.FLUSH) {
            return disk.readOnly() ? 0 : -FileIo.fdatasync(disk.fd());
        }
        if (!request.operation().movesData()) {
            return request.operation() == BlockRequest.Operation.DISCARD ? 0 : Errno.EOPNOTSUPP;
        }
        boolean write = request.operation() == BlockRequest.Operation.WRITE;
        IoVector data = request.data();
        long offset = request.offset();
        while (data.bytes() > 0) {
            int result = write ? FileIo.writev(disk.fd(), data, offset) : FileIo.readv(disk.fd(), data, offset);
            if (result > 0) {
                data.advance(result);
                offset += result;
            } else if (result == 0) {
                return Errno.EIO; // The file has shrunk.
            } else if (result != -Errno.EINTR) {
                return -result;
            }
        }
        return 0;
    }
}
