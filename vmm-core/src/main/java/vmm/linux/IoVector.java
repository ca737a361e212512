package vmm.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * An array of {@code struct iovec} that the kernel can read: buffers scattered over this process's memory, in order.
 *
 * <p>Made once and refilled for each use; owned by one thread at a time. Filling it allocates nothing.
 */
public final class IoVector {
    /** {@code sizeof(struct iovec)}: an address and a length of eight bytes each. */
    static final int ENTRY_SIZE = 16;

    private static final int LENGTH_OFFSET = 8;

    private static final MemorySegment ZEROS = Arena.global().allocate(64 << 10, 4096);

    private static final MemorySegment PROCESS = wholeProcess();

    private MemorySegment entries;
    private int capacity;
    private int first;
    private int count;
    private long bytes;

    /** How much of the first buffer that is left has been dropped, in bytes. */
    private long dropped;

    /** How much has been dropped in all, in bytes. */
    private long allDropped;

    /**
     * An empty vector.
     *
     * @param capacity the most buffers it holds, at least 1; Linux takes no more than 1024 in one call
     */
    public IoVector(int capacity) {
        this.capacity = capacity;
        this.entries = Arena.ofAuto().allocate((long) capacity * ENTRY_SIZE, Long.BYTES);
    }

    /** Forgets all buffers. */
    public void clear() {
        first = 0;
        count = 0;
        bytes = 0;
        dropped = 0;
        allDropped = 0;
    }

    /** True if {@link #add} has no room left. */
    public boolean isFull() {
        return count == capacity;
    }

    /**
     * Adds a buffer; one of length 0 is left out.
     *
     * @param address in this process's memory, as {@code GuestMemory.hostAddress} gives it
     * @param length in bytes
     * @throws IndexOutOfBoundsException if the vector is full
     */
    public void add(long address, long length) {
        if (length == 0) {
            return;
        }
        if (count == capacity) {
            throw new IndexOutOfBoundsException("More than " + capacity + " buffers.");
        }
        long at = (long) count * ENTRY_SIZE;
        entries.set(JAVA_LONG, at, address);
        entries.set(JAVA_LONG, at + LENGTH_OFFSET, length);
        count++;
        bytes += length;
    }

    /**
     * Takes the first {@code length} bytes away and adds them to the end of {@code target}, which grows if it has no
     * room for their buffers; no data is moved.
     *
     * @param length in bytes, at most {@link #bytes}
     */
    public void moveTo(IoVector target, long length) {
        target.makeRoom(count());
        long left = length;
        while (left > 0) {
            long part = Math.min(left, lengthOf(0));
            target.add(addressOf(0), part);
            advance(part);
            left -= part;
        }
    }

    /** As {@link #add}, but the vector grows if it has no room left. */
    public void append(long address, long length) {
        makeRoom(1);
        add(address, length);
    }

    /**
     * Adds the buffers that hold a range of {@code source}'s bytes, which stays as it is; the vector grows if it has no
     * room for them.
     *
     * @param from where the range begins among the source's bytes
     * @param length in bytes; the range ends within the source
     */
    public void append(IoVector source, long from, long length) {
        makeRoom(source.count());
        long skip = from;
        long left = length;
        for (int i = 0; left > 0; i++) {
            long size = source.lengthOf(i);
            if (skip < size) {
                long part = Math.min(left, size - skip);
                add(source.addressOf(i) + skip, part);
                left -= part;
                skip = 0;
            } else {
                skip -= size;
            }
        }
    }

    private void makeRoom(int more) {
        int needed = count + more;
        if (needed > capacity) {
            needed = Math.max(needed, 2 * capacity);
            MemorySegment grown = Arena.ofAuto().allocate((long) needed * ENTRY_SIZE, Long.BYTES);
            MemorySegment.copy(entries, 0, grown, 0, (long) count * ENTRY_SIZE);
            entries = grown;
            capacity = needed;
        }
    }

    /** How many buffers are left. */
    public int count() {
        return count - first;
    }

    /** How many bytes they hold together. */
    public long bytes() {
        return bytes;
    }

    /** The address of buffer {@code index}, counted from those left. */
    public long addressOf(int index) {
        return entries.get(JAVA_LONG, (long) (first + index) * ENTRY_SIZE);
    }

    /** The length of buffer {@code index} in bytes, counted from those left. */
    public long lengthOf(int index) {
        return entries.get(JAVA_LONG, (long) (first + index) * ENTRY_SIZE + LENGTH_OFFSET);
    }

    /** Where the kernel finds the first {@code struct iovec} that is left. */
    public long address() {
        return entries.address() + (long) first * ENTRY_SIZE;
    }

    /** Drops the first {@code length} bytes, as after a short read. */
    public void advance(long length) {
        long left = length;
        while (left > 0) {
            long size = lengthOf(0);
            if (left < size) {
                shiftFirst(left);
                break;
            }
            left -= size;
            shiftFirst(-dropped);
            first++;
        }
        bytes -= length;
        allDropped += length;
    }

    /** Takes back all that was dropped or moved away, so that the same buffers can be used once more. */
    public void rewind() {
        if (allDropped > 0) {
            if (first < count) {
                shiftFirst(-dropped);
            }
            first = 0;
            bytes += allDropped;
            allDropped = 0;
        }
    }

    private void shiftFirst(long length) {
        if (length != 0) {
            long at = (long) first * ENTRY_SIZE;
            entries.set(JAVA_LONG, at, entries.get(JAVA_LONG, at) + length);
            entries.set(JAVA_LONG, at + LENGTH_OFFSET, entries.get(JAVA_LONG, at + LENGTH_OFFSET) - length);
            dropped += length;
        }
    }

    /** Cuts what goes beyond the first {@code length} bytes off the end. */
    public void truncate(long length) {
        long excess = bytes - length;
        while (excess > 0) {
            long at = (long) (count - 1) * ENTRY_SIZE + LENGTH_OFFSET;
            long size = entries.get(JAVA_LONG, at);
            if (excess < size) {
                entries.set(JAVA_LONG, at, size - excess);
                break;
            }
            excess -= size;
            count--;
        }
        bytes = Math.min(bytes, length);
    }

    /** Copies all bytes of the buffers, in order, to {@code target} from {@code offset} on. */
    public void copyTo(MemorySegment target, long offset) {
        long at = offset;
        for (int i = 0; i < count(); i++) {
            MemorySegment.copy(PROCESS, addressOf(i), target, at, lengthOf(i));
            at += lengthOf(i);
        }
    }

    /**
     * Copies the first {@code length} bytes of the buffers to {@code target} from {@code offset} on.
     *
     * @param length in bytes, at most {@link #bytes}
     */
    public void copyTo(MemorySegment target, long offset, long length) {
        long done = 0;
        for (int i = 0; done < length; i++) {
            long part = Math.min(lengthOf(i), length - done);
            MemorySegment.copy(PROCESS, addressOf(i), target, offset + done, part);
            done += part;
        }
    }

    /**
     * Fills the first {@code length} bytes of the buffers with what {@code source} holds from {@code offset} on.
     *
     * @param length in bytes, at most {@link #bytes}
     */
    public void copyFrom(MemorySegment source, long offset, long length) {
        long done = 0;
        for (int i = 0; done < length; i++) {
            long part = Math.min(lengthOf(i), length - done);
            MemorySegment.copy(source, offset + done, PROCESS, addressOf(i), part);
            done += part;
        }
    }

    /**
     * True if every buffer begins and ends where direct I/O wants it.
     *
     * @param address powers of two minus one: the bits that no address may have
     * @param length the bits that no length may have
     */
    public boolean isAligned(long address, long length) {
        long addresses = 0;
        long lengths = 0;
        for (int i = 0; i < count(); i++) {
            addresses |= addressOf(i);
            lengths |= lengthOf(i);
        }
        return (addresses & address) == 0 && (lengths & length) == 0;
    }

    /**
     * Adds zeros to be read from, as many as fit, up to {@code length} bytes. Nobody may write to these buffers.
     *
     * @return how many were added, in bytes
     */
    public long addZeros(long length) {
        long added = 0;
        while (added < length && !isFull()) {
            long part = Math.min(length - added, ZEROS.byteSize());
            add(ZEROS.address(), part);
            added += part;
        }
        return added;
    }

    /** Fills all buffers, in order, with what {@code source} holds from {@code offset} on. */
    public void copyFrom(MemorySegment source, long offset) {
        long at = offset;
        for (int i = 0; i < count(); i++) {
            MemorySegment.copy(source, at, PROCESS, addressOf(i), lengthOf(i));
            at += lengthOf(i);
        }
    }

    /** Fills all buffers with zeros. */
    public void zero() {
        for (int i = 0; i < count(); i++) {
            long length = lengthOf(i);
            for (long at = 0; at < length; at += ZEROS.byteSize()) {
                // A slice to fill would be an object for each buffer.
                MemorySegment.copy(ZEROS, 0, PROCESS, addressOf(i) + at, Math.min(length - at, ZEROS.byteSize()));
            }
        }
    }

    @SuppressWarnings("restricted") // Buffers come from owners of memory who checked them; this class only walks them.
    private static MemorySegment wholeProcess() {
        return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    }
}
