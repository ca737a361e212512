package vmm.event;

import vmm.event.FileOperation.Kind;
import vmm.linux.IoVector;

/** File operations that are objects: each is taken from somewhere, filled, and performed later. */
abstract class OperationStarter implements FileOperations {
    /** An operation that has been started, to be filled with what is to be done. */
    abstract FileOperation start();

    @Override
    public void readv(int fd, IoVector data, long offset, IoCompletion completion) {
        start().transfer(Kind.READ, fd, data, offset, completion);
    }

    @Override
    public void writev(int fd, IoVector data, long offset, IoCompletion completion) {
        start().transfer(Kind.WRITE, fd, data, offset, completion);
    }

    @Override
    public void writevStable(int fd, IoVector data, long offset, IoCompletion completion) {
        start().transfer(Kind.WRITE_STABLE, fd, data, offset, completion);
    }

    @Override
    public void fdatasync(int fd, IoCompletion completion) {
        start().range(Kind.SYNC, fd, 0, 0, 0, completion);
    }

    @Override
    public void fallocate(int fd, int mode, long offset, long length, IoCompletion completion) {
        start().range(Kind.ALLOCATE, fd, offset, length, mode, completion);
    }

    @Override
    public void discard(int fd, long offset, long length, IoCompletion completion) {
        start().range(Kind.DISCARD, fd, offset, length, 0, completion);
    }
}
