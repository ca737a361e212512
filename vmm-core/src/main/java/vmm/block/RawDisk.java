package vmm.block;

import vmm.event.EventLoop;

/** A disk that is a file, or a block device of the host, byte for byte. */
public final class RawDisk implements BlockDevice {
    private RawDisk() {}

    /** Opens and locks. */
    public static RawDisk open(String path, boolean readOnly) {
        if (!path.isEmpty()) {
            throw new UnsupportedOperationException(path + readOnly);
        }
        return new RawDisk();
    }

    @Override
    public long size() {
        return 0;
    }

    @Override
    public boolean readOnly() {
        return false;
    }

    @Override
    public String name() {
        return "";
    }

    @Override
    public BlockQueue openQueue(EventLoop loop) {
        throw new UnsupportedOperationException(loop.toString());
    }

    @Override
    public void close() {
        // Nothing is open.
    }
}
