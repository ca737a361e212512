package vmm.virtio.blk;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockQueue;
import vmm.block.BlockRequest.Operation;
import vmm.linux.Errno;
import vmm.virtio.DescriptorChain;

/**
 * A discard, write zeroes or secure erase request: a list of ranges of the disk (virtio 1.3 5.2.6), done one after the
 * other. All are checked before the first is touched. Belongs to a slot; allocates nothing.
 */
final class RangeRequest {
    /** The most ranges of a request. */
    static final int MAX_SEGMENTS = 64;

    /** The most sectors of a range: 2 GiB, so that none keeps the disk busy for long. */
    static final int MAX_SECTORS = 1 << 22;

    /** What a secure erase writes in one piece, in bytes. */
    private static final int ERASE_SIZE = 1 << 20;

    private static final MemorySegment ZEROS = Arena.global().allocate(ERASE_SIZE, 4096);

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final BlkSlot slot;

    /** The ranges as the driver wrote them, copied once so that they stay as they were checked. */
    private final MemorySegment list =
            Arena.ofAuto().allocate((long) MAX_SEGMENTS * RequestFormat.SEGMENT_SIZE, Long.BYTES);

    private final long[] sectors = new long[MAX_SEGMENTS];
    private final long[] counts = new long[MAX_SEGMENTS];
    private final boolean[] unmap = new boolean[MAX_SEGMENTS];
    private int type;
    private int segments;
    private @Nullable BlockQueue disk;
    private boolean stable;

    /** The segment that is being done. */
    private int current;

    /** How many sectors of it are done. */
    private long done;

    private boolean advancing;
    private boolean advanceAgain;

    RangeRequest(BlkSlot slot) {
        this.slot = slot;
    }

    /**
     * Takes in and checks what the driver wants.
     *
     * @param type one of the three
     * @return the status to answer with if it cannot be done, or S_OK
     */
    int decode(BlkQueue queue, DescriptorChain chain, int type) {
        boolean reversed = type == RequestFormat.T_SECURE_ERASE && slot.payload() == 0;
        long length = reversed ? slot.room() : slot.payload();
        if (length <= 0
                || length % RequestFormat.SEGMENT_SIZE != 0
                || length > (long) MAX_SEGMENTS * RequestFormat.SEGMENT_SIZE) {
            return RequestFormat.S_IOERR;
        }
        this.type = type;
        slot.data().clear();
        if (reversed) {
            // Linux takes the type, an even number, for one of a read, and has the list in a buffer that the device
            // may write. virtio 1.3 2.7.5.1 advises against reading such a buffer, but no driver sends it otherwise.
            chain.addWritable(slot.data(), 0, length);
        } else {
            chain.addReadable(slot.data(), RequestFormat.HEADER_SIZE, length);
        }
        slot.data().copyTo(list, 0, length);
        segments = (int) length / RequestFormat.SEGMENT_SIZE;
        int knownFlags = type == RequestFormat.T_WRITE_ZEROES ? RequestFormat.SEGMENT_UNMAP : 0;
        int status = RequestFormat.S_OK;
        for (int i = 0; i < segments; i++) {
            long at = (long) i * RequestFormat.SEGMENT_SIZE;
            int flags = list.get(INT, at + RequestFormat.SEGMENT_FLAGS);
            // virtio 1.3 5.2.6.2
            if ((flags & ~knownFlags) != 0) {
                return RequestFormat.S_UNSUPP;
            }
            sectors[i] = list.get(LONG, at + RequestFormat.SEGMENT_SECTOR);
            counts[i] = Integer.toUnsignedLong(list.get(INT, at + RequestFormat.SEGMENT_NUM_SECTORS));
            unmap[i] = flags != 0;
            if (counts[i] > MAX_SECTORS || !queue.isOnDisk(sectors[i], counts[i] * BlkConfigSpace.SECTOR)) {
                status = RequestFormat.S_IOERR;
            }
        }
        return status;
    }

    /**
     * Starts what was decoded. The slot answers when it is done.
     *
     * @param mustBeStable true if zeroes are to be on stable storage by then
     */
    void start(BlockQueue target, boolean mustBeStable) {
        disk = target;
        stable = mustBeStable;
        current = 0;
        done = 0;
        advance();
    }

    /** An operation of the slot's has ended. */
    void completed(int errno) {
        // virtio 1.3 5.2.6.2: a discard may do nothing
        boolean fine = errno == 0 || (errno == Errno.EOPNOTSUPP && slot.operation() == Operation.DISCARD);
        if (!fine) {
            slot.answer(BlkSlot.status(errno), 0);
        } else if (slot.operation() == Operation.FLUSH) {
            slot.answer(RequestFormat.S_OK, 0);
        } else {
            advance();
        }
    }

    /** Starts the next operation. One that ends at once does not start its successor from within, but has us do it. */
    private void advance() {
        advanceAgain = true;
        if (!advancing) {
            advancing = true;
            while (advanceAgain) {
                advanceAgain = false;
                next();
            }
            advancing = false;
        }
    }

    private void next() {
        while (current < segments && done == counts[current]) {
            current++;
            done = 0;
        }
        BlockQueue target = disk;
        if (target == null) {
            throw new IllegalStateException("The request was not started.");
        }
        slot.data().clear();
        if (current < segments) {
            prepare((sectors[current] + done) * BlkConfigSpace.SECTOR, counts[current] - done);
            target.submit(slot);
        } else if (type == RequestFormat.T_SECURE_ERASE) {
            slot.prepare(Operation.FLUSH, 0);
            target.submit(slot);
        } else {
            slot.answer(RequestFormat.S_OK, 0);
        }
    }

    private void prepare(long offset, long count) {
        long bytes = count * BlkConfigSpace.SECTOR;
        switch (type) {
            case RequestFormat.T_DISCARD -> slot.prepareRange(Operation.DISCARD, offset, bytes, true);
            case RequestFormat.T_WRITE_ZEROES -> {
                slot.prepareRange(Operation.WRITE_ZEROES, offset, bytes, unmap[current]);
                if (stable) {
                    slot.requireStable();
                }
            }
            default -> {
                // Zeroing a range may leave what it held where it is; overwriting it does not, as far as we can see.
                bytes = Math.min(bytes, ERASE_SIZE);
                slot.data().add(ZEROS.address(), bytes);
                slot.prepare(Operation.WRITE, offset);
            }
        }
        done += bytes / BlkConfigSpace.SECTOR;
    }
}
