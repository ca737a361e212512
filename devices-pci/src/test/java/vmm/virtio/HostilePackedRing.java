package vmm.virtio;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import vmm.memory.GuestMemory;
import vmm.virtio.driver.MockPackedQueue;

/** Fills a packed queue with what a driver gone mad might write, and says what a device must make of it. */
final class HostilePackedRing {
    /** One buffer of a chain. */
    record Buffer(long address, long length, boolean writable) {}

    /** A chain and the descriptors of the ring that it takes. */
    record Chain(List<Buffer> buffers, int id, int descriptors) {}

    private static final int DESC_SIZE = 16;
    private static final int NEXT = MockPackedQueue.DESC_F_NEXT;
    private static final int WRITE = MockPackedQueue.DESC_F_WRITE;
    private static final int INDIRECT = MockPackedQueue.DESC_F_INDIRECT;
    private static final int ROUND = MockPackedQueue.DESC_F_AVAIL | MockPackedQueue.DESC_F_USED;
    private static final long TABLES = 0x2000;

    private final Random random;
    private final GuestMemory memory;
    private final MockPackedQueue guest;
    private final boolean indirect;
    private final int capacity;

    /** One in so many values is absurd: a ring that is wrong everywhere is refused at once and shows little. */
    private final int odds;

    HostilePackedRing(Random random, GuestMemory memory, MockPackedQueue guest, boolean indirect, int capacity) {
        this.random = random;
        this.memory = memory;
        this.guest = guest;
        this.indirect = indirect;
        this.capacity = capacity;
        this.odds = random.nextBoolean() ? 30 : 2000;
    }

    /** Writes all descriptors and tables anew, available from {@code position} on for a whole round, but for some. */
    void scramble(int position, boolean wrap) {
        int streak = 0;
        for (int n = 0; n < guest.size(); n++) {
            int i = (position + n) % guest.size();
            int round = MockPackedQueue.availableFlags(i >= position ? wrap : !wrap);
            if (rarely()) {
                round = random.nextInt(2) * MockPackedQueue.DESC_F_AVAIL
                        + random.nextInt(2) * MockPackedQueue.DESC_F_USED;
            }
            // Chains of a few descriptors, which mostly are readable before they are writable.
            boolean more = random.nextInt(3) != 0 && streak < 6 && (n + 1 < guest.size() || rarely());
            int flags = round | (more ? NEXT : 0) | (streak > 1 != rarely() ? WRITE : 0);
            if (rarely()) {
                flags ^= random.nextInt(0x10000) & ~ROUND;
            }
            if ((streak == 0 && indirect && random.nextInt(4) == 0) || rarely()) {
                long length = rarely() ? random.nextInt(300) : DESC_SIZE * (1L + random.nextInt(8));
                long at = rarely() ? random.nextLong() : TABLES + (long) DESC_SIZE * random.nextInt(56);
                guest.putDescriptor(
                        i, at, length, random.nextInt(0x10000), (flags & ~(rarely() ? 0 : NEXT)) | INDIRECT);
                streak = 0;
            } else {
                guest.putDescriptor(i, address(), length(), random.nextInt(0x10000), flags);
                streak = more ? streak + 1 : 0;
            }
        }
        for (int i = 0; i < 64; i++) {
            int flags = (random.nextInt(0x10000) & ~WRITE) | (i % 16 > 7 != rarely() ? WRITE : 0);
            guest.putDescriptor(TABLES, i, address(), length(), random.nextInt(0x10000), flags);
        }
        guest.putDriverEvent(random.nextInt());
    }

    private boolean rarely() {
        return random.nextInt(odds) == 0;
    }

    private long address() {
        return switch (random.nextInt(2 * odds)) {
            case 0 -> random.nextLong();
            case 1 -> memory.size() - random.nextInt(64);
            case 2 -> -random.nextInt(64);
            // Even the queue itself may be a buffer.
            case 3, 4, 5 -> random.nextInt((int) memory.size() - 600);
            default -> 0x3000 + random.nextInt((int) memory.size() - 0x3000 - 600);
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

    /** True if there is a chain at {@code position}, right or wrong. */
    boolean isAvailable(int position, boolean wrap) {
        return (flags(guest.descriptorArea(), position) & ROUND) == MockPackedQueue.availableFlags(wrap);
    }

    private int flags(long table, int i) {
        return memory.getShort(table + (long) DESC_SIZE * i + 14);
    }

    /** The chain at {@code position}, read with no regard for speed; null if it breaks a rule. */
    @Nullable
    Chain chainAt(int position) {
        List<Buffer> buffers = new ArrayList<>();
        long ring = guest.descriptorArea();
        for (int taken = 1; taken <= guest.size(); taken++) {
            int i = (position + taken - 1) % guest.size();
            int flags = flags(ring, i);
            boolean last = (flags & NEXT) == 0;
            if ((flags & INDIRECT) != 0) {
                if (taken > 1 || !last || !addTable(buffers, i)) {
                    return null;
                }
            } else {
                buffers.add(buffer(ring, i));
            }
            if (last) {
                int id = memory.getShort(ring + (long) DESC_SIZE * i + 12);
                return fits(buffers) ? new Chain(buffers, id, taken) : null;
            }
        }
        return null;
    }

    private boolean addTable(List<Buffer> buffers, int descriptor) {
        long at = guest.descriptorArea() + (long) DESC_SIZE * descriptor;
        long table = memory.getLong(at);
        long length = memory.getInt(at + 8) & 0xffff_ffffL;
        if (!indirect || length == 0 || length % DESC_SIZE != 0 || !memory.contains(table, length)) {
            return false;
        }
        for (int i = 0; i < length / DESC_SIZE; i++) {
            buffers.add(buffer(table, i));
        }
        return true;
    }

    private Buffer buffer(long table, int i) {
        long at = table + (long) DESC_SIZE * i;
        return new Buffer(memory.getLong(at), memory.getInt(at + 8) & 0xffff_ffffL, (flags(table, i) & WRITE) != 0);
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
