package vmm.scsi.block;

import vmm.block.BlockDevice;
import vmm.block.BlockQueue;
import vmm.event.EventLoop;

/** A disk that is only large: nobody reads it. */
record HugeDisk(long size) implements BlockDevice {
    @Override
    public boolean readOnly() {
        return false;
    }

    @Override
    public String name() {
        return "huge";
    }

    @Override
    public BlockQueue openQueue(EventLoop loop) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        // Nothing to give back.
    }
}
