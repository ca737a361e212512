package vmm.virtio;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import vmm.memory.GuestMemory;
import vmm.virtio.driver.MockSplitQueue;

/** Fills a queue with what a driver gone mad might write, and says what a device must make of it. */
final class HostileRing {
    /** One buffer of a chain. */
    record Buffer(long address, long length, boolean writable) {}

    private static final int DESC_SIZE = 16;
    private static final long TABLES = 0x2000;

    private final Random random;
    private final GuestMemory memory;
    private final MockSplitQueue guest;
    private final boolean indirect;
    private final int capacity;

    /** One in so many values is absurd: a ring that is wrong everywhere is refused at once and shows little. */
    private final int odds;

    HostileRing(Random random, GuestMemory memory, MockSplitQueue guest, boolean indirect, int capacity) {
        this.random = random;
        this.memory = memory;
        this.guest = guest;
        this.indirect = indirect;
        this.capacity = capacity;
        this.odds = random.nextBoolean() ? 30 : 2000;
    }

    /** Writes descriptors, tables and ring entries anew; about half of all chains break no rule. */
    void scramble() {
        for (int i = 0; i < guest.size(); i++) {
            putDescriptor(guest.descriptorArea(), i, guest.size(), random.nextInt(4) == 0);
            guest.putAvailable(i, rarely() ? random.nextInt(0x10000) : random.nextInt(guest.size()));
        }
        for (int i = 0; i < 64; i++) {
            putDescriptor(TABLES, i, 8, rarely());
        }
        memory.putShort(guest.driverArea(), random.nextInt(4));
        guest.putUsedEvent(random.nextInt(0x10000));
    }

    /** How far the available index moves: mostly as far as a driver could move it. */
    int advance() {
        return rarely() ? random.nextInt(0x10000) : random.nextInt(4);
    }

    private boolean rarely() {
        return random.nextInt(odds) == 0;
    }

    private void putDescriptor(long table, int i, int entries, boolean toTable) {
        int flags = 0;
        if (random.nextInt(3) == 0) {
            flags |= MockSplitQueue.DESC_F_NEXT;
        }
        // Mostly readable in the first half, writable in the second, and chains lead upwards, so that many are valid.
        boolean upper = 2 * i >= entries;
        if (rarely() != upper) {
            flags |= MockSplitQueue.DESC_F_WRITE;
        }
        int next = rarely() ? random.nextInt(0x10000) : i + random.nextInt(Math.max(1, entries - i));
        if (toTable) {
            long length = rarely() ? random.nextInt(300) : DESC_SIZE * (1L + random.nextInt(8));
            long at = rarely() ? random.nextLong() : TABLES + (long) DESC_SIZE * random.nextInt(56);
            int tableFlags = (rarely() ? flags : flags & MockSplitQueue.DESC_F_WRITE) | MockSplitQueue.DESC_F_INDIRECT;
            guest.putDescriptor(table, i, at, length, tableFlags, next);
        } else {
            guest.putDescriptor(table, i, address(), length(), flags | (rarely() ? random.nextInt(16) << 3 : 0), next);
        }
    }

    private long address() {
        return switch (random.nextInt(2 * odds)) {
            case 0 -> random.nextLong();
            case 1 -> memory.size() - random.nextInt(64);
            case 2 -> -random.nextInt(64);
            // Even the queue itself may be a buffer.
            default -> random.nextInt((int) memory.size() - 600);
        };
    }

    private long length() {
        return switch (random.nextInt(2 * odds)) {
            case 0 -> random.nextInt() & 0xffff_ffffL;
            case 1 -> 0xffff_ffffL;
            case 2 -> 0;
            default -> random.nextInt(600);
        };
    }

    /**
     * The buffers of the chain that starts at {@code head}, read with no regard for speed; null if it breaks a rule.
     */
    @Nullable
    List<Buffer> chainAt(int head) {
        List<Buffer> buffers = new ArrayList<>();
        return follow(buffers, guest.descriptorArea(), guest.size(), head, !indirect) && fits(buffers) ? buffers : null;
    }

    private boolean follow(List<Buffer> buffers, long table, long entries, int first, boolean noTables) {
        int next = first;
        for (long seen = 0; seen < entries; seen++) {
            if (next >= entries) {
                return false;
            }
            long at = table + (long) DESC_SIZE * next;
            long address = memory.getLong(at);
            long length = memory.getInt(at + 8) & 0xffff_ffffL;
            int flags = memory.getShort(at + 12);
            next = memory.getShort(at + 14);
            if ((flags & MockSplitQueue.DESC_F_INDIRECT) != 0) {
                return !noTables
                        && (flags & MockSplitQueue.DESC_F_NEXT) == 0
                        && length > 0
                        && length % DESC_SIZE == 0
                        && memory.contains(address, length)
                        && follow(buffers, address, length / DESC_SIZE, 0, true);
            }
            buffers.add(new Buffer(address, length, (flags & MockSplitQueue.DESC_F_WRITE) != 0));
            if ((flags & MockSplitQueue.DESC_F_NEXT) == 0) {
                return true;
            }
        }
        return false;
    }

    private boolean fits(List<Buffer> buffers) {
        long total = 0;
        boolean writableSeen = false;
        for (Buffer buffer : buffers) {
            total += buffer.length;
            if (!memory.contains(buffer.address, buffer.length) || (writableSeen && !buffer.writable)) {
                return false;
            }
            writableSeen |= buffer.writable;
        }
        return buffers.size() <= capacity && total <= 0xffff_ffffL;
    }
}
