package vmm.block.qcow2;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import vmm.block.BlockDevice;
import vmm.block.BlockQueue;
import vmm.block.BlockRequest;
import vmm.event.EventLoop;
import vmm.linux.Errno;

/**
 * A file in memory that grows, does what it is asked in any order, fails when it is told to, and remembers what would
 * be left of it after a crash. One thread only.
 */
final class RecordingFile implements BlockDevice {
    private static final int SECTOR = 512;

    /** Something that happened to the file. */
    sealed interface Event {
        /** One that is {@code stable} is on stable storage by itself. */
        record Written(long offset, ByteBuffer bytes, boolean stable) implements Event {
            long end() {
                return offset + bytes.limit();
            }
        }

        record Resized(long size) implements Event {}

        /** All events before {@code covered} are on stable storage. */
        record Flushed(int covered) implements Event {}
    }

    /** A request that waits, and how many events there were when it came. */
    private record Pending(BlockRequest request, int events) {}

    private final List<Event> events = new ArrayList<>();
    private final List<Pending> pending = new ArrayList<>();
    private final byte[] initial;
    private byte[] content;
    private int size;
    private boolean holding;
    private int requests;
    private int failEvery;
    private boolean failFlushes;
    private boolean closed;

    RecordingFile(byte[] initial) {
        this.initial = initial.clone();
        this.content = initial.clone();
        this.size = initial.length;
    }

    /** From now on requests wait until they are released. */
    void hold() {
        holding = true;
    }

    /** Requests do not wait any more; those that do are done. */
    void release(Random random) {
        holding = false;
        while (releaseOne(random)) {
            // The next one.
        }
    }

    /** Does one of the requests that wait, any of them; false if there is none. */
    boolean releaseOne(Random random) {
        if (pending.isEmpty()) {
            return false;
        }
        perform(pending.remove(random.nextInt(pending.size())));
        return true;
    }

    /** Does the request that came last of those that wait. */
    void releaseNewest() {
        perform(pending.removeLast());
    }

    /** How many requests wait. */
    int waiting() {
        return pending.size();
    }

    /** From now on every so many requests one fails; 0 for none. */
    void failEvery(int count) {
        failEvery = count;
    }

    /** From now on no flush succeeds, or each does again. */
    void failFlushes(boolean on) {
        failFlushes = on;
    }

    byte[] content() {
        return Arrays.copyOf(content, size);
    }

    List<Event> events() {
        return events;
    }

    boolean closed() {
        return closed;
    }

    /**
     * What is on stable storage if the machine stops after {@code count} events: what a flush covers, and of the rest
     * any part, sector by sector.
     */
    byte[] afterPowerLoss(int count, Random random) {
        int covered = 0;
        for (Event event : events.subList(0, count)) {
            if (event instanceof Event.Flushed flushed) {
                covered = Math.max(covered, flushed.covered);
            }
        }
        byte[] state = initial.clone();
        int odds = random.nextInt(1, 5);
        for (int i = 0; i < count; i++) {
            int number = i;
            int safe = covered;
            state = switch (events.get(i)) {
                case Event.Written written ->
                    number < safe || written.stable ? applied(state, written) : torn(state, written, random, odds);
                case Event.Resized resized ->
                    number < safe || random.nextInt(odds) > 0 ? resized(state, (int) resized.size) : state;
                case Event.Flushed _ -> state;
            };
        }
        return state;
    }

    /** What the file holds if its user is killed after {@code count} events. */
    byte[] afterKill(int count) {
        byte[] state = initial.clone();
        for (Event event : events.subList(0, count)) {
            state = switch (event) {
                case Event.Written written -> applied(state, written);
                case Event.Resized resized -> resized(state, (int) resized.size);
                case Event.Flushed _ -> state;
            };
        }
        return state;
    }

    private static byte[] resized(byte[] state, int size) {
        return Arrays.copyOf(state, size);
    }

    private static byte[] applied(byte[] state, Event.Written written) {
        byte[] grown = written.end() > state.length ? Arrays.copyOf(state, (int) written.end()) : state;
        written.bytes.get(0, grown, (int) written.offset, written.bytes.limit());
        return grown;
    }

    private static byte[] torn(byte[] state, Event.Written written, Random random, int odds) {
        byte[] result = state;
        long at = written.offset;
        while (at < written.end()) {
            long next = Math.min(written.end(), (at / SECTOR + 1) * SECTOR);
            if (random.nextInt(odds) > 0) {
                int from = (int) (at - written.offset);
                ByteBuffer part = written.bytes.slice(from, (int) (next - at));
                result = applied(result, new Event.Written(at, part, false));
            }
            at = next;
        }
        return result;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean readOnly() {
        return false;
    }

    @Override
    public String name() {
        return "recording";
    }

    @Override
    public int discardGranularity() {
        return SECTOR;
    }

    @Override
    public void resize(long bytes) {
        content = Arrays.copyOf(Arrays.copyOf(content, size), (int) bytes);
        size = (int) bytes;
        events.add(new Event.Resized(bytes));
    }

    @Override
    public BlockQueue openQueue(EventLoop loop) {
        return request -> {
            Pending asked = new Pending(request, events.size());
            if (holding) {
                pending.add(asked);
            } else {
                perform(asked);
            }
        };
    }

    private void perform(Pending asked) {
        BlockRequest request = asked.request;
        int errno = closed ? Errno.EBADF : request.begin(this);
        requests++;
        boolean flushFails = failFlushes && request.operation() == BlockRequest.Operation.FLUSH;
        if (errno == 0 && (flushFails || (failEvery > 0 && requests % failEvery == 0))) {
            errno = Errno.EIO;
        }
        if (errno == 0) {
            move(asked);
        }
        request.end(errno);
    }

    private void move(Pending asked) {
        BlockRequest request = asked.request;
        int offset = (int) request.offset();
        int length = (int) request.length();
        MemorySegment memory = MemorySegment.ofArray(content);
        switch (request.operation()) {
            case READ -> request.data().copyFrom(memory, offset);
            case WRITE -> {
                request.data().copyTo(memory, offset);
                written(offset, length, request.mustBeStable());
            }
            case DISCARD, WRITE_ZEROES -> {
                byte fill = request.operation() == BlockRequest.Operation.DISCARD ? (byte) 0xdc : 0;
                Arrays.fill(content, offset, offset + length, fill);
                written(offset, length, false);
            }
            case FLUSH -> events.add(new Event.Flushed(asked.events));
        }
    }

    private void written(int offset, int length, boolean stable) {
        byte[] bytes = Arrays.copyOfRange(content, offset, offset + length);
        events.add(new Event.Written(offset, ByteBuffer.wrap(bytes), stable));
    }

    @Override
    public void close() {
        closed = true;
    }
}
