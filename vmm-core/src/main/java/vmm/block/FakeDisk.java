package vmm.block;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import vmm.event.EventLoop;
import vmm.linux.Errno;

/**
 * A small disk in memory that fails and waits as a test tells it to, and remembers what it was asked.
 *
 * <p>One thread only: the one of the loop whose queues it opens.
 */
public final class FakeDisk implements BlockDevice {
    /**
     * What the disk was asked.
     *
     * @param offset 0 for a flush
     * @param bytes 0 for a flush
     * @param stable true if the request was to be on stable storage when it ends
     * @param unmap true if a zeroed range need not stay allocated
     */
    public record Asked(BlockRequest.Operation operation, long offset, long bytes, boolean stable, boolean unmap) {
        /** A request without either wish. */
        public Asked(BlockRequest.Operation operation, long offset, long bytes) {
            this(operation, offset, bytes, false, false);
        }
    }

    /** Bytes {@code start} to {@code end}, exclusive, that fail with {@code errno}. */
    private record Defect(long start, long end, int errno) {
        boolean hits(BlockRequest request) {
            long first = request.offset();
            return first < end && start < first + request.length();
        }
    }

    /** What a discarded byte reads as. */
    public static final byte DISCARDED = (byte) 0xdc;

    private final boolean readOnly;
    private final List<Defect> defects = new ArrayList<>();
    private final List<Asked> asked = new ArrayList<>();
    private final ArrayDeque<BlockRequest> held = new ArrayDeque<>();

    /** The sectors that have no storage. */
    private final BitSet deallocated = new BitSet();

    private MemorySegment content;
    private @Nullable StorageLifetime lifetime;
    private @Nullable StorageSpace space;
    private int discardGranularity = 4096;
    private int flushErrno;
    private boolean holding;
    private boolean closed;

    /** A writable disk of {@code size} zeroed bytes, a multiple of 512. */
    public FakeDisk(long size) {
        this(size, false);
    }

    /** A disk of {@code size} zeroed bytes, a multiple of 512. */
    public FakeDisk(long size, boolean readOnly) {
        this.content = Arena.ofAuto().allocate(size);
        this.readOnly = readOnly;
    }

    /** The disk's bytes, to fill and to look at. */
    public MemorySegment content() {
        return content;
    }

    /** What the disk says of its wear from now on; at first it says nothing. */
    public void wear(StorageLifetime said) {
        lifetime = said;
    }

    /** What storage the disk says it takes up from now on; at first it cannot tell. */
    public void takeUp(StorageSpace said) {
        space = said;
    }

    /** In which unit the disk says that discards give storage back from now on; 0 if they do nothing. */
    public void discardIn(int bytes) {
        discardGranularity = bytes;
    }

    /** From now on requests that touch {@code length} bytes from {@code offset} fail and move nothing. */
    public void failAt(long offset, long length, int errno) {
        defects.add(new Defect(offset, offset + length, errno));
    }

    /** From now on flushes end with {@code errno}; 0 lets them succeed again. */
    public void failFlushes(int errno) {
        flushErrno = errno;
    }

    /** Takes back every {@link #failAt} and {@link #failFlushes}. */
    public void repair() {
        defects.clear();
        flushErrno = 0;
    }

    /** From now on requests wait, undone, until told to go on. */
    public void hold() {
        holding = true;
    }

    /** How many requests wait. */
    public int held() {
        return held.size();
    }

    /**
     * Does and ends the request that has waited longest.
     *
     * @return false if none waits
     */
    public boolean releaseOne() {
        BlockRequest request = held.poll();
        if (request != null) {
            perform(request);
        }
        return request != null;
    }

    /** Does and ends the request that came last, so that answers change order. */
    public boolean releaseLast() {
        BlockRequest request = held.pollLast();
        if (request != null) {
            perform(request);
        }
        return request != null;
    }

    /** Ends the hold, and does all requests that wait in their order. */
    public void release() {
        holding = false;
        while (releaseOne()) {
            // The next one.
        }
    }

    /** What was asked so far, in order. */
    public List<Asked> asked() {
        return List.copyOf(asked);
    }

    /** True once {@link #close} was called. */
    public boolean closed() {
        return closed;
    }

    @Override
    public long size() {
        return content.byteSize();
    }

    @Override
    public boolean readOnly() {
        return readOnly;
    }

    @Override
    public String name() {
        return "fake";
    }

    @Override
    public int discardGranularity() {
        return discardGranularity;
    }

    @Override
    public Optional<StorageLifetime> lifetime() {
        return Optional.ofNullable(lifetime);
    }

    @Override
    public Optional<StorageSpace> space() {
        return Optional.ofNullable(space);
    }

    /** Keeps what fits; what is new is zeroed. */
    @Override
    public void resize(long bytes) {
        MemorySegment resized = Arena.ofAuto().allocate(bytes);
        long kept = Math.min(bytes, content.byteSize());
        MemorySegment.copy(content, 0, resized, 0, kept);
        content = resized;
    }

    @Override
    public BlockQueue openQueue(EventLoop loop) {
        return new BlockQueue() {
            @Override
            public void submit(BlockRequest request) {
                FakeDisk.this.submit(request);
            }

            @Override
            public void query(ExtentQuery query) {
                FakeDisk.this.query(query);
            }
        };
    }

    private void query(ExtentQuery query) {
        int first = sector(query.offset());
        boolean hole = deallocated.get(first);
        int end = hole ? deallocated.nextClearBit(first) : deallocated.nextSetBit(first);
        query.answer(
                hole ? ExtentQuery.State.DEALLOCATED : ExtentQuery.State.ALLOCATED,
                end < 0 ? query.length() : (long) (end - first) * DiskSize.SECTOR);
    }

    private void submit(BlockRequest request) {
        boolean flush = request.operation() == BlockRequest.Operation.FLUSH;
        boolean zeroing = request.operation() == BlockRequest.Operation.WRITE_ZEROES;
        asked.add(new Asked(
                request.operation(),
                flush ? 0 : request.offset(),
                request.length(),
                request.mustBeStable(),
                zeroing && request.mayUnmap()));
        if (holding) {
            held.add(request);
        } else {
            perform(request);
        }
    }

    private void perform(BlockRequest request) {
        int errno = closed ? Errno.EBADF : request.begin(this);
        if (errno == 0) {
            errno = move(request);
        }
        request.end(errno);
    }

    private int move(BlockRequest request) {
        if (request.operation() == BlockRequest.Operation.FLUSH) {
            return flushErrno;
        }
        for (Defect defect : defects) {
            if (defect.hits(request)) {
                return defect.errno;
            }
        }
        long offset = request.offset();
        switch (request.operation()) {
            case READ -> request.data().copyFrom(content, offset);
            case WRITE -> {
                deallocated.clear(sector(offset), sector(offset + request.length() + DiskSize.SECTOR - 1));
                request.data().copyTo(content, offset);
            }
            // What was discarded reads as anything, so that nothing comes to rely on zeros.
            case DISCARD -> content.asSlice(offset, request.length()).fill(DISCARDED);
            case WRITE_ZEROES -> {
                content.asSlice(offset, request.length()).fill((byte) 0);
                if (request.mayUnmap() && discardGranularity != 0) {
                    deallocate(offset, offset + request.length());
                }
            }
            case FLUSH -> {}
        }
        return 0;
    }

    private void deallocate(long start, long end) {
        long unit = discardGranularity;
        long first = (start + unit - 1) / unit * unit;
        long last = end == content.byteSize() ? end : end / unit * unit;
        if (first < last) {
            deallocated.set(sector(first), sector(last));
        }
    }

    private static int sector(long offset) {
        return (int) (offset / DiskSize.SECTOR);
    }

    @Override
    public void close() {
        closed = true;
    }
}
