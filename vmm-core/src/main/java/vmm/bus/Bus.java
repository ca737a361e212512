package vmm.bus;

import java.util.Arrays;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * An address space of devices: the 64 KiB of ports, or guest physical memory that no RAM backs.
 *
 * <p>Look-ups take no lock and allocate nothing; changes copy the table. A read that nobody answers returns all ones,
 * as a bus with its lines pulled up does, and a write that nobody takes is dropped.
 */
public final class Bus {
    /** A device and the range where it answers: {@code length} bytes from {@code base}. */
    public record Range(long base, long length, String name, BusDevice device) {
        /** Checks that the range is not empty and does not wrap around. */
        public Range {
            if (length <= 0 || base < 0 || base + length < 0) {
                throw new IllegalArgumentException("Bad range for " + name + ": " + hex(base) + " + " + hex(length));
            }
        }

        private long end() {
            return base + length;
        }
    }

    private static final Range[] EMPTY = {};

    private volatile Range[] ranges = EMPTY;

    /** An address space where nobody answers yet. */
    public Bus() {}

    /**
     * Adds a device.
     *
     * @throws IllegalStateException if another device already answers in the range
     */
    public synchronized void add(Range range) {
        for (Range other : ranges) {
            if (range.base < other.end() && other.base < range.end()) {
                throw new IllegalStateException(range.name + " at " + hex(range.base) + " overlaps " + other.name
                        + " at " + hex(other.base) + ".");
            }
        }
        Range[] grown = Arrays.copyOf(ranges, ranges.length + 1);
        grown[ranges.length] = range;
        Arrays.sort(grown, Comparator.comparingLong(Range::base));
        ranges = grown;
    }

    /** Adds {@code device} at {@code length} bytes from {@code base}. See {@link #add(Range)}. */
    public void add(long base, long length, String name, BusDevice device) {
        add(new Range(base, length, name, device));
    }

    /** Takes a range away; one that is not there is ignored. An access that has begun may still reach its device. */
    public synchronized void remove(Range range) {
        ranges = Arrays.stream(ranges).filter(other -> !other.equals(range)).toArray(Range[]::new);
    }

    /** True if some device answers at any address of the range. */
    public boolean overlaps(long base, long length) {
        for (Range other : ranges) {
            if (base < other.end() && other.base < base + length) {
                return true;
            }
        }
        return false;
    }

    /** Reads {@code size} bytes at {@code address}; all ones where nobody answers. */
    public long read(long address, int size) {
        Range range = find(address);
        long value = range == null ? -1 : range.device.read(address - range.base, size);
        return size == Long.BYTES ? value : value & ((1L << (size * Byte.SIZE)) - 1);
    }

    /** Writes {@code size} bytes at {@code address}; dropped where nobody listens. */
    public void write(long address, int size, long value) {
        Range range = find(address);
        if (range != null) {
            range.device.write(address - range.base, size, value);
        }
    }

    private @Nullable Range find(long address) {
        Range[] table = ranges;
        int low = 0;
        int high = table.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            Range range = table[middle];
            if (address < range.base) {
                high = middle - 1;
            } else if (address - range.base >= range.length) {
                low = middle + 1;
            } else {
                return range;
            }
        }
        return null;
    }

    private static String hex(long value) {
        return "0x" + Long.toHexString(value);
    }
}
