package vmm.block.qcow2;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import vmm.block.BlockDevice;
import vmm.block.BlockQueue;
import vmm.block.BlockRequest;
import vmm.block.BlockRequest.Operation;
import vmm.event.SteppedEventLoop;
import vmm.linux.IoVector;

/**
 * Does random requests to a disk, several at once through several queues, and knows for each sector what it may hold
 * now, and what after a crash. Requests that are under way together share clusters, but no sectors unless that is
 * wanted.
 */
final class Guest {
    private static final int SECTOR = 512;
    private static final int WORDS = SECTOR / 8;

    private final Random random;
    private final int sectors;
    private final List<BlockQueue> queues = new ArrayList<>();
    private final List<Asked> underWay = new ArrayList<>();

    /** What each sector may hold, each content by a number that is all over it; 0 is zeros. */
    private final List<Set<Long>> now = new ArrayList<>();

    /** What each sector may hold after a crash. */
    private List<Set<Long>> durable = new ArrayList<>();

    private long stamp = 1;

    /** True if requests under way may share sectors, as only a hostile guest's do. */
    boolean overlaps;

    /** How many requests have failed. */
    int failures;

    Guest(BlockDevice disk, SteppedEventLoop loop, int queueCount, Random random) {
        this.random = random;
        this.sectors = (int) (disk.size() / SECTOR);
        for (int i = 0; i < queueCount; i++) {
            queues.add(disk.openQueue(loop));
        }
        for (int i = 0; i < sectors; i++) {
            now.add(new HashSet<>(Set.of(0L)));
            durable.add(new HashSet<>(Set.of(0L)));
        }
    }

    /** What is there at first. */
    void expect(int sector, long stamp) {
        now.set(sector, new HashSet<>(Set.of(stamp)));
        durable.set(sector, new HashSet<>(Set.of(stamp)));
    }

    int underWay() {
        return underWay.size();
    }

    private static List<Set<Long>> copy(List<Set<Long>> states) {
        List<Set<Long>> copy = new ArrayList<>();
        states.forEach(state -> copy.add(new HashSet<>(state)));
        return copy;
    }

    /** What the disk may hold after a crash at this moment. */
    List<Set<Long>> durable() {
        return copy(durable);
    }

    /** Starts a request; nothing if it would be in the way of another one. */
    void start() {
        int kind = random.nextInt(16);
        if (kind == 0) {
            submit(new Asked(Operation.FLUSH, 0, 0));
            return;
        }
        int most = random.nextInt(8) == 0 ? sectors / 4 : 24;
        int from = random.nextInt(sectors);
        int count = Math.min(random.nextInt(1, most + 1), sectors - from);
        for (Asked other : underWay) {
            if (!overlaps && other.shares(from, count)) {
                return;
            }
        }
        submit(new Asked(
                switch (kind) {
                    case 1 -> Operation.DISCARD;
                    case 2, 3 -> Operation.WRITE_ZEROES;
                    case 4, 5, 6 -> Operation.READ;
                    default -> Operation.WRITE;
                },
                from,
                count));
    }

    void flush() {
        submit(new Asked(Operation.FLUSH, 0, 0));
    }

    private void submit(Asked asked) {
        underWay.add(asked);
        asked.begin();
        queues.get(random.nextInt(queues.size())).submit(asked);
    }

    private final class Asked extends BlockRequest {
        final int from;
        final int count;
        private final MemorySegment memory;
        private final long written;

        /** True if another request went to the same sectors meanwhile, so that nobody knows which was last. */
        private boolean disturbed;

        /** For a flush: what is durable when it succeeds. */
        private List<Set<Long>> covered = List.of();

        Asked(Operation operation, int from, int count) {
            super(new IoVector(4));
            this.from = from;
            this.count = count;
            this.memory = Arena.ofAuto().allocate(Math.max(1, (long) count * SECTOR), 512);
            this.written = operation == Operation.WRITE ? stamp++ : 0;
            if (operation.movesData()) {
                long cut = random.nextLong(memory.byteSize() + 1);
                data().add(memory.address(), cut);
                data().add(memory.address() + cut, memory.byteSize() - cut);
                prepare(operation, (long) from * SECTOR);
            } else {
                prepareRange(operation, (long) from * SECTOR, (long) count * SECTOR, random.nextBoolean());
            }
            if (operation.changesDisk() && operation != Operation.DISCARD && random.nextInt(8) == 0) {
                requireStable();
            }
        }

        boolean shares(int from, int count) {
            return operation() != Operation.FLUSH && from < this.from + this.count && this.from < from + count;
        }

        void begin() {
            for (Asked other : underWay) {
                if (other != this && other.shares(from, count)) {
                    other.disturbed = true;
                    disturbed = true;
                }
            }
            if (operation() == Operation.FLUSH) {
                covered = copy(now);
            } else if (operation().changesDisk()) {
                for (int i = 0; i < memory.byteSize() / 8 && operation() == Operation.WRITE; i++) {
                    memory.setAtIndex(ValueLayout.JAVA_LONG, i, written);
                }
                for (int sector = from; sector < from + count; sector++) {
                    now.get(sector).add(written);
                    durable.get(sector).add(written);
                    for (Asked other : underWay) {
                        if (!other.covered.isEmpty()) {
                            other.covered.get(sector).add(written);
                        }
                    }
                }
            }
        }

        @Override
        public void completed(int errno) {
            assertTrue(underWay.remove(this), "A request was answered twice.");
            if (errno != 0) {
                failures++;
                return;
            }
            switch (operation()) {
                case FLUSH -> durable = copy(covered);
                case READ -> {
                    if (!disturbed) {
                        verify(memory, from, count, now);
                    }
                }
                case WRITE, WRITE_ZEROES -> {
                    if (disturbed) {
                        return;
                    }
                    for (int sector = from; sector < from + count; sector++) {
                        now.set(sector, new HashSet<>(Set.of(written)));
                        if (mustBeStable()) {
                            durable.set(sector, new HashSet<>(Set.of(written)));
                        }
                    }
                }
                case DISCARD -> {}
            }
        }
    }

    /** Sectors from {@code from} on hold what they may. */
    static void verify(MemorySegment memory, int from, int count, List<Set<Long>> states) {
        for (int i = 0; i < count; i++) {
            int sector = from + i;
            long found = memory.getAtIndex(ValueLayout.JAVA_LONG, (long) i * WORDS);
            assertTrue(
                    states.get(sector).contains(found),
                    () -> "sector " + sector + " holds " + found + ", not one of " + states.get(sector));
            for (int j = 1; j < WORDS; j++) {
                long other = memory.getAtIndex(ValueLayout.JAVA_LONG, (long) i * WORDS + j);
                assertTrue(found == other, () -> "sector " + sector + " is torn");
            }
        }
    }

    /** The disk holds what it may hold now. */
    void verify(BlockDevice disk) {
        verify(disk, now);
    }

    static void verify(BlockDevice disk, List<Set<Long>> states) {
        byte[] all = Images.read(disk, 0, disk.size());
        MemorySegment memory = Arena.ofAuto().allocate(all.length, 8);
        memory.copyFrom(MemorySegment.ofArray(all));
        verify(memory, 0, states.size(), states);
    }
}
