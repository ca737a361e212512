package vmm.virtio;

import vmm.linux.IoVector;
import vmm.memory.GuestFaultException;
import vmm.memory.GuestMemory;

/**
 * One request as the driver described it (virtio 1.3 2.7.5): buffers in guest memory that the device may read, followed
 * by buffers that it may write. Where one buffer ends and the next begins carries no meaning (virtio 1.3 2.7.4), so
 * every accessor takes an offset from the start of the readable or of the writable bytes and may straddle buffers.
 *
 * <p>Made once and refilled by {@link Virtqueue#pop}; its content counts until the next pop into it. All addresses have
 * been checked: they are RAM. What the buffers hold is the guest's and may change at any time, so a value that matters
 * is read once. Owned by one thread; allocates nothing.
 */
public final class DescriptorChain {
    private final GuestMemory memory;
    private final long[] addresses;
    private final long[] lengths;
    private int head;
    private int count;
    private int readableCount;
    private long readableBytes;
    private long writableBytes;

    /**
     * An empty chain.
     *
     * @param memory where the buffers are
     * @param capacity the most buffers it holds, at least 1
     */
    public DescriptorChain(GuestMemory memory, int capacity) {
        this.memory = memory;
        this.addresses = new long[capacity];
        this.lengths = new long[capacity];
    }

    /** The most buffers that a chain popped into this object may have. */
    public int capacity() {
        return addresses.length;
    }

    /**
     * By what the queue knows the chain until it is {@linkplain Virtqueue#complete given back}: in a split queue
     * without {@link Features#IN_ORDER} the index of its first descriptor, otherwise a value that says nothing to
     * others.
     */
    public int head() {
        return head;
    }

    /** How many buffers there are: first those that the device reads, then those that it writes. */
    public int count() {
        return count;
    }

    /** How many of the buffers the device may read. */
    public int readableCount() {
        return readableCount;
    }

    /** How many of the buffers the device may write. */
    public int writableCount() {
        return count - readableCount;
    }

    /** The guest physical address of buffer {@code index}. */
    public long address(int index) {
        return addresses[index];
    }

    /** The length in bytes of buffer {@code index}. */
    public long length(int index) {
        return lengths[index];
    }

    /** How many bytes the device may read, less than 4 GiB. */
    public long readableBytes() {
        return readableBytes;
    }

    /** How many bytes the device may write, less than 4 GiB. */
    public long writableBytes() {
        return writableBytes;
    }

    /**
     * The readable byte at {@code offset}, unsigned.
     *
     * @throws GuestFaultException if the readable bytes end before it
     */
    public int getByte(long offset) {
        return (int) get(offset, Byte.BYTES);
    }

    /** The 16 readable bits at {@code offset}, little-endian, unsigned. See {@link #getByte}. */
    public int getShort(long offset) {
        return (int) get(offset, Short.BYTES);
    }

    /** The 32 readable bits at {@code offset}, little-endian. See {@link #getByte}. */
    public int getInt(long offset) {
        return (int) get(offset, Integer.BYTES);
    }

    /** The 64 readable bits at {@code offset}, little-endian. See {@link #getByte}. */
    public long getLong(long offset) {
        return get(offset, Long.BYTES);
    }

    /** Sets the writable byte at {@code offset}. See {@link #write}. */
    public void putByte(long offset, int value) {
        put(offset, Byte.BYTES, value);
    }

    /** Sets the 16 writable bits at {@code offset}, little-endian. See {@link #write}. */
    public void putShort(long offset, int value) {
        put(offset, Short.BYTES, value);
    }

    /** Sets the 32 writable bits at {@code offset}, little-endian. See {@link #write}. */
    public void putInt(long offset, int value) {
        put(offset, Integer.BYTES, value);
    }

    /** Sets the 64 writable bits at {@code offset}, little-endian. See {@link #write}. */
    public void putLong(long offset, long value) {
        put(offset, Long.BYTES, value);
    }

    /**
     * Copies readable bytes.
     *
     * @param offset of the first one
     * @throws GuestFaultException if the readable bytes end before {@code offset + length}
     */
    public void read(long offset, byte[] target, int start, int length) {
        checkRange(offset, length, readableBytes, "device-readable");
        int done = 0;
        long at = offset;
        for (int i = 0; done < length; i++) {
            if (at < lengths[i]) {
                int step = (int) Math.min(lengths[i] - at, length - done);
                memory.read(addresses[i] + at, target, start + done, step);
                done += step;
                at += step;
            }
            at -= lengths[i];
        }
    }

    /**
     * Copies into writable bytes.
     *
     * @param offset of the first one
     * @throws GuestFaultException if the writable bytes end before {@code offset + length}
     */
    public void write(long offset, byte[] source, int start, int length) {
        checkRange(offset, length, writableBytes, "device-writable");
        int done = 0;
        long at = offset;
        for (int i = readableCount; done < length; i++) {
            if (at < lengths[i]) {
                int step = (int) Math.min(lengths[i] - at, length - done);
                memory.write(addresses[i] + at, source, start + done, step);
                done += step;
                at += step;
            }
            at -= lengths[i];
        }
    }

    /**
     * Adds a range of the readable bytes to {@code target}, as addresses of this process.
     *
     * @param target has room for {@link #readableCount} more buffers
     * @throws GuestFaultException if the readable bytes end before {@code offset + length}
     */
    public void addReadable(IoVector target, long offset, long length) {
        checkRange(offset, length, readableBytes, "device-readable");
        add(target, 0, offset, length);
    }

    /**
     * Adds a range of the writable bytes to {@code target}, as addresses of this process.
     *
     * @param target has room for {@link #writableCount} more buffers
     * @throws GuestFaultException if the writable bytes end before {@code offset + length}
     */
    public void addWritable(IoVector target, long offset, long length) {
        checkRange(offset, length, writableBytes, "device-writable");
        add(target, readableCount, offset, length);
    }

    /**
     * The guest physical address of the writable byte at {@code offset}, for an answer that outlives this chain.
     *
     * @throws GuestFaultException if the writable bytes end before it
     */
    public long writableAddress(long offset) {
        checkRange(offset, 1, writableBytes, "device-writable");
        return addressOf(readableCount, offset);
    }

    private void add(IoVector target, int first, long offset, long length) {
        long at = offset;
        long left = length;
        for (int i = first; left > 0; i++) {
            if (at < lengths[i]) {
                long step = Math.min(lengths[i] - at, left);
                target.add(memory.hostAddress(addresses[i] + at, step), step);
                left -= step;
                at += step;
            }
            at -= lengths[i];
        }
    }

    private long get(long offset, int size) {
        checkRange(offset, size, readableBytes, "device-readable");
        int i = 0;
        long at = offset;
        while (at >= lengths[i]) {
            at -= lengths[i++];
        }
        if (size > lengths[i] - at) {
            long value = 0;
            for (int b = 0; b < size; b++) {
                value |= (long) memory.getByte(addressOf(0, offset + b)) << (b * Byte.SIZE);
            }
            return value;
        }
        long address = addresses[i] + at;
        return switch (size) {
            case Byte.BYTES -> memory.getByte(address);
            case Short.BYTES -> memory.getShort(address);
            case Integer.BYTES -> memory.getInt(address);
            default -> memory.getLong(address);
        };
    }

    private void put(long offset, int size, long value) {
        checkRange(offset, size, writableBytes, "device-writable");
        int i = readableCount;
        long at = offset;
        while (at >= lengths[i]) {
            at -= lengths[i++];
        }
        if (size > lengths[i] - at) {
            for (int b = 0; b < size; b++) {
                memory.putByte(addressOf(readableCount, offset + b), (int) (value >>> (b * Byte.SIZE)));
            }
            return;
        }
        long address = addresses[i] + at;
        switch (size) {
            case Byte.BYTES -> memory.putByte(address, (int) value);
            case Short.BYTES -> memory.putShort(address, (int) value);
            case Integer.BYTES -> memory.putInt(address, (int) value);
            default -> memory.putLong(address, value);
        }
    }

    private long addressOf(int first, long offset) {
        int i = first;
        long at = offset;
        while (at >= lengths[i]) {
            at -= lengths[i++];
        }
        return addresses[i] + at;
    }

    private static void checkRange(long offset, long length, long available, String part) {
        if (offset < 0 || length < 0 || offset > available - length) {
            throw new GuestFaultException("The request needs " + length + " " + part + " bytes at offset " + offset
                    + ", but has " + available + ".");
        }
    }

    void identify(int newHead) {
        head = newHead;
    }

    void begin() {
        count = 0;
        readableCount = 0;
        readableBytes = 0;
        writableBytes = 0;
    }

    /** Takes in one buffer of the chain being popped, after checking it against the rules for all chains. */
    void append(long address, long length, boolean writable) {
        if (count == addresses.length) {
            throw new GuestFaultException("A descriptor chain has more than " + count + " buffers.");
        }
        if (!memory.contains(address, length)) {
            throw new GuestFaultException("A descriptor's " + length + " bytes at guest address 0x"
                    + Long.toHexString(address) + " are not in its memory.");
        }
        // virtio 1.3 2.7.5.2: a chain is not longer than 2^32 bytes. One byte less lets the used length be told.
        if (readableBytes + writableBytes + length > 0xffff_ffffL) {
            throw new GuestFaultException("A descriptor chain is longer than 4 GiB.");
        }
        if (writable) {
            writableBytes += length;
        } else {
            // virtio 1.3 2.7.4.2
            if (readableCount != count) {
                throw new GuestFaultException("A device-readable descriptor follows a device-writable one.");
            }
            readableCount++;
            readableBytes += length;
        }
        addresses[count] = address;
        lengths[count] = length;
        count++;
    }
}
