package vmm.block;

import java.util.Objects;
import java.util.Optional;

/** A disk in front of another, which it resembles in all that it does not change. Closing it closes that one. */
abstract class FilterDisk implements BlockDevice {
    private final BlockDevice inner;

    FilterDisk(BlockDevice inner) {
        this.inner = Objects.requireNonNull(inner);
    }

    final BlockDevice inner() {
        return inner;
    }

    @Override
    public long size() {
        return inner.size();
    }

    @Override
    public boolean readOnly() {
        return inner.readOnly();
    }

    @Override
    public String name() {
        return inner.name();
    }

    @Override
    public int discardGranularity() {
        return inner.discardGranularity();
    }

    @Override
    public void resize(long bytes) {
        inner.resize(bytes);
    }

    @Override
    public void noticeGrowth() {
        inner.noticeGrowth();
    }

    @Override
    public Optional<StorageLifetime> lifetime() {
        return inner.lifetime();
    }

    @Override
    public Optional<StorageSpace> space() {
        return inner.space();
    }

    @Override
    public void close() {
        inner.close();
    }
}
