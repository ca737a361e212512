package vmm.pci;

import org.jspecify.annotations.Nullable;
import vmm.bus.Bus;
import vmm.bus.BusDevice;

/**
 * A range of addresses that a function answers, at a place that its configuration registers choose.
 *
 * <p>The bus keeps the mapping in step with the registers, under its lock. A range that cannot be where the guest wants
 * it is mapped nowhere until it can.
 */
public abstract class AddressDecoder {
    /** The address of a range that is mapped nowhere. */
    public static final long UNMAPPED = -1;

    /** The address space of a range. */
    public enum Space {
        /** Guest physical memory. */
        MEMORY,
        /** I/O ports. */
        IO
    }

    private final Space space;
    private final long size;
    private final String name;
    private final BusDevice device;
    private Bus.@Nullable Range range;

    /**
     * A range that is mapped nowhere yet.
     *
     * @param size in bytes
     * @param name for people
     * @param device what answers there
     */
    protected AddressDecoder(Space space, long size, String name, BusDevice device) {
        this.space = space;
        this.size = size;
        this.name = name;
        this.device = device;
    }

    /** Where the registers put the range, or {@link #UNMAPPED}. Called under the lock of the bus. */
    protected abstract long wanted();

    /** The address space of the range. */
    public final Space space() {
        return space;
    }

    /** The size of the range in bytes. */
    public final long size() {
        return size;
    }

    /** Where the range is mapped, or {@link #UNMAPPED}. Under the lock of the bus only. */
    public final long address() {
        return range == null ? UNMAPPED : range.base();
    }

    final Bus.@Nullable Range range() {
        return range;
    }

    final Bus.Range mapAt(long address) {
        Bus.Range mapped = new Bus.Range(address, size, name, device);
        range = mapped;
        return mapped;
    }

    final void unmap() {
        range = null;
    }
}
