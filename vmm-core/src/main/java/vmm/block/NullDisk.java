package vmm.block;

import vmm.event.EventLoop;

/** A disk that reads as zeros and forgets what is written: the cost of everything but the disk. Any size is free. */
public final class NullDisk implements BlockDevice {
    private final String name;
    private final long size;
    private final boolean readOnly;

    /**
     * Makes a disk.
     *
     * @param size in bytes, a positive multiple of 512
     */
    public NullDisk(String name, long size, boolean readOnly) {
        this.name = name;
        this.size = size;
        this.readOnly = readOnly;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean readOnly() {
        return readOnly;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public BlockQueue openQueue(EventLoop loop) {
        return this::submit;
    }

    private void submit(BlockRequest request) {
        int errno = request.begin(this);
        if (errno == 0 && request.operation() == BlockRequest.Operation.READ) {
            request.data().zero();
        }
        request.end(errno);
    }

    @Override
    public void close() {
        // There is nothing to keep.
    }
}
