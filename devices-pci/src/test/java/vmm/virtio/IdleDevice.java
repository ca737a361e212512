package vmm.virtio;

/** A device with one queue that leaves its queue to the test. */
final class IdleDevice implements VirtioDevice {
    private final int queueSize;

    IdleDevice(int queueSize) {
        this.queueSize = queueSize;
    }

    @Override
    public int type() {
        return 0;
    }

    @Override
    public long features() {
        return RingFeatures.ALL.bits();
    }

    @Override
    public int[] queueSizes() {
        return new int[] {queueSize};
    }

    @Override
    public int configSize() {
        return 0;
    }

    @Override
    public long readConfig(int offset, int size) {
        return 0;
    }

    @Override
    public void writeConfig(int offset, int size, long value) {}

    @Override
    public void activate(Activation activation) {}

    @Override
    public void reset() {}

    @Override
    public void resetQueue(int index) {}

    @Override
    public void enableQueue(QueueSetup setup) {}
}
