package vmm.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import vmm.event.SteppedEventLoop;
import vmm.memory.GuestMemory;
import vmm.virtio.driver.MockDriver;
import vmm.virtio.driver.MockQueue;

/** A guest with one virtio disk: makes requests, lets the loop work, and looks at the answers. */
final class BlkGuest implements AutoCloseable {
    static final int T_IN = 0;
    static final int T_OUT = 1;
    static final int T_FLUSH = 4;
    static final int T_GET_ID = 8;
    static final int T_GET_LIFETIME = 10;
    static final int T_DISCARD = 11;
    static final int T_WRITE_ZEROES = 13;
    static final int T_SECURE_ERASE = 14;
    static final int S_OK = 0;
    static final int S_IOERR = 1;
    static final int S_UNSUPP = 2;

    /** What a status byte holds before it is written. */
    static final int NO_STATUS = 0xee;

    static final long HEADER = 0x80000;
    static final long STATUS = 0x80100;
    static final long DATA = 0x90000;

    final GuestMemory memory = GuestMemory.detached(2 << 20);
    final SteppedEventLoop loop;
    final VirtioBlkDevice device;
    MockDriver driver;

    /** Features of the rings that every start asks for, as RING_PACKED. */
    private long rings;

    BlkGuest(SteppedEventLoop loop, VirtioBlkDevice device) {
        this.loop = loop;
        this.device = device;
        this.driver = new MockDriver(memory, device);
    }

    /** Asks for these features of the rings from now on. */
    BlkGuest with(long features) {
        rings = features;
        return this;
    }

    /** Negotiates and starts with one queue. */
    MockQueue start(long features, int queueSize) {
        driver.negotiate(features | rings);
        MockQueue queue = driver.addQueue(0, queueSize);
        driver.activate();
        loop.runUntilIdle();
        return queue;
    }

    /** Gives the memory of all earlier queues back; after a reset. */
    void rewind() {
        driver = new MockDriver(memory, device);
    }

    void putHeader(long at, int type, long sector) {
        memory.putInt(at, type);
        memory.putInt(at + 4, 0);
        memory.putLong(at + 8, sector);
    }

    /** One request with header, data and status in a buffer each; the answer's status. */
    int request(MockQueue queue, int type, long sector, long data, long length) {
        boolean out = type == T_OUT || type == T_DISCARD || type == T_WRITE_ZEROES || type == T_SECURE_ERASE;
        return request(queue, type, sector, data, length, out);
    }

    private int request(MockQueue queue, int type, long sector, long data, long length, boolean out) {
        putHeader(HEADER, type, sector);
        memory.putByte(STATUS, NO_STATUS);
        queue.readable(HEADER, 16);
        if (length > 0) {
            if (out) {
                queue.readable(data, length);
            } else {
                queue.writable(data, length);
            }
        }
        queue.writable(STATUS, 1);
        return answer(queue, queue.offer());
    }

    /** One range of a discard or the like. */
    record Range(long sector, long count, int flags) {
        Range(long sector, long count) {
            this(sector, count, 0);
        }
    }

    /** A request with ranges in a buffer of their own; the answer's status. */
    int ranges(MockQueue queue, int type, Range... ranges) {
        return request(queue, type, 0, DATA, put(ranges));
    }

    /** The same with a buffer that the device may write. */
    int reversedRanges(MockQueue queue, int type, Range... ranges) {
        return request(queue, type, 0, DATA, put(ranges), false);
    }

    private long put(Range... ranges) {
        long at = DATA;
        for (Range range : ranges) {
            memory.putLong(at, range.sector());
            memory.putInt(at + 8, (int) range.count());
            memory.putInt(at + 12, range.flags());
            at += 16;
        }
        return at - DATA;
    }

    /** Shows what was offered, lets the device work and expects that it used {@code head}; the status. */
    int answer(MockQueue queue, int head) {
        queue.kick();
        loop.runUntilIdle();
        assertTrue(queue.collect());
        assertEquals(head, queue.usedHead());
        return memory.getByte(STATUS);
    }

    @Override
    public void close() {
        driver.close();
        loop.close();
    }
}
