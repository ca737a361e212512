package vmm.block;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The limits that some disks share, and what waits for them. Each disk's requests go in the order in which they came,
 * from whichever queue; the disks take turns. Where reads and writes have limits of their own, one kind does not wait
 * for the other.
 *
 * <p>There is no thread behind it: the queue whose request is next wakes itself when its time has come, and wakes the
 * queue that follows. Any thread may call; nothing is allocated for a request.
 */
public final class ThrottleGroup {
    private static final long NEVER = Long.MAX_VALUE;

    /** Kinds of request that can have limits of their own. */
    private enum Kind {
        READ,
        WRITE;

        static Kind of(BlockRequest request) {
            return request.operation() == BlockRequest.Operation.READ ? READ : WRITE;
        }
    }

    /** What of a disk's waits. Guarded by the group. */
    static final class Member {
        private final Backlog reads = new Backlog();
        private final Backlog writes = new Backlog();

        /** It is about to leave: nothing waits here any more that does not already. */
        private boolean leaving;

        private boolean isIdle() {
            return reads.isEmpty() && writes.isEmpty();
        }

        private Backlog backlog(Kind kind) {
            return kind == Kind.READ ? reads : writes;
        }
    }

    private final LongSupplier clock;
    private final long bytesPerOperation;
    private final LeakyBucket totalBytes;
    private final LeakyBucket readBytes;
    private final LeakyBucket writeBytes;
    private final LeakyBucket totalIops;
    private final LeakyBucket readIops;
    private final LeakyBucket writeIops;

    /** True if reads and writes fill a bucket together. */
    private final boolean shared;

    private final List<Member> members = new ArrayList<>();

    /** The member that goes first if it can. */
    private int turn;

    private int waitingReads;
    private int waitingWrites;
    private long tickets;
    private long now;

    /** A group without disks. */
    public ThrottleGroup(ThrottleLimits limits) {
        this(limits, System::nanoTime);
    }

    /**
     * A group with a clock of its own.
     *
     * @param clock nanoseconds from anywhere, never going back
     */
    ThrottleGroup(ThrottleLimits limits, LongSupplier clock) {
        this.clock = clock;
        bytesPerOperation = limits.bytesPerOperation();
        totalBytes = new LeakyBucket(limits.totalBytes());
        readBytes = new LeakyBucket(limits.readBytes());
        writeBytes = new LeakyBucket(limits.writeBytes());
        totalIops = new LeakyBucket(limits.totalIops());
        readIops = new LeakyBucket(limits.readIops());
        writeIops = new LeakyBucket(limits.writeIops());
        shared = !limits.totalBytes().isNone() || !limits.totalIops().isNone();
        now = clock.getAsLong();
    }

    synchronized Member join() {
        Member member = new Member();
        members.add(member);
        return member;
    }

    /** Takes a disk out, nothing of which waits. */
    synchronized void leave(Member member) {
        members.remove(member);
        turn = 0;
    }

    /** Takes a disk out when what waits of it has gone ahead, limits or not. */
    synchronized void dismiss(Member member) {
        member.leaving = true;
        if (member.isIdle()) {
            leave(member);
        } else {
            member.reads.forEachQueue(queue -> queue.releaseSoon(this, member));
            member.writes.forEachQueue(queue -> queue.releaseSoon(this, member));
        }
    }

    /**
     * Asks for a request to go.
     *
     * @return true if it goes at once, and is counted; false if it waits in the group until {@link #next} returns it
     */
    synchronized boolean admit(Member disk, ThrottledDisk.Queue queue, BlockRequest request) {
        leak();
        Kind kind = Kind.of(request);
        if (disk.leaving) {
            return true;
        }
        int ahead = shared ? waitingReads + waitingWrites : waiting(kind);
        if (ahead == 0 && delay(kind) == 0) {
            count(kind, request);
            return true;
        }
        disk.backlog(kind).add(request, queue, tickets++);
        addWaiting(kind, 1);
        return false;
    }

    /** Counts a request that does not ask. */
    synchronized void admitAnyway(BlockRequest request) {
        leak();
        count(Kind.of(request), request);
    }

    /**
     * Takes the next request that may go if it is {@code caller}'s; otherwise sees to it that somebody calls this again
     * when there is one. The caller asks until the answer is null.
     *
     * @param caller a queue, on its loop's thread
     * @return a request to do now, counted; null if it is not the caller's turn
     */
    synchronized @Nullable BlockRequest next(ThrottledDisk.Queue caller) {
        leak();
        long readDelay = waitingReads > 0 ? delay(Kind.READ) : NEVER;
        long writeDelay = waitingWrites > 0 ? delay(Kind.WRITE) : NEVER;
        long delay = Math.min(readDelay, writeDelay);
        if (delay == NEVER) {
            return null;
        }
        // By index, since an iterator would be an object for each request.
        for (int i = 0; i < members.size(); i++) {
            int index = (turn + i) % members.size();
            Kind kind = oldest(members.get(index), readDelay == delay, writeDelay == delay);
            if (kind != null) {
                Backlog backlog = members.get(index).backlog(kind);
                ThrottledDisk.Queue owner = backlog.firstQueue();
                if (owner != null && !owner.equals(caller)) {
                    owner.wakeFromAfar(now, delay);
                    return null;
                }
                if (delay > 0) {
                    caller.wakeAfter(now, delay);
                    return null;
                }
                turn = index + 1;
                return take(kind, backlog.poll());
            }
        }
        throw new IllegalStateException("Requests wait, but in no disk.");
    }

    /** The kind of a member's oldest request, among the kinds that are asked for; null if none waits. */
    private static @Nullable Kind oldest(Member member, boolean reads, boolean writes) {
        boolean read = reads && !member.reads.isEmpty();
        boolean write = writes && !member.writes.isEmpty();
        if (read && write) {
            return member.reads.firstTicket() < member.writes.firstTicket() ? Kind.READ : Kind.WRITE;
        }
        return read ? Kind.READ : write ? Kind.WRITE : null;
    }

    /**
     * Takes a request of {@code caller}'s, limits or not.
     *
     * @return a request to do now, counted; null if none waits
     */
    synchronized @Nullable BlockRequest nextOf(Member disk, ThrottledDisk.Queue caller) {
        leak();
        BlockRequest read = take(Kind.READ, disk.reads.poll(caller));
        BlockRequest next = read != null ? read : take(Kind.WRITE, disk.writes.poll(caller));
        if (disk.leaving && disk.isIdle()) {
            leave(disk);
        }
        return next;
    }

    private @Nullable BlockRequest take(Kind kind, @Nullable BlockRequest request) {
        if (request != null) {
            addWaiting(kind, -1);
            count(kind, request);
        }
        return request;
    }

    private int waiting(Kind kind) {
        return kind == Kind.READ ? waitingReads : waitingWrites;
    }

    private void addWaiting(Kind kind, int change) {
        if (kind == Kind.READ) {
            waitingReads += change;
        } else {
            waitingWrites += change;
        }
    }

    private void leak() {
        long then = now;
        now = clock.getAsLong();
        long nanos = now - then;
        totalBytes.leak(nanos);
        readBytes.leak(nanos);
        writeBytes.leak(nanos);
        totalIops.leak(nanos);
        readIops.leak(nanos);
        writeIops.leak(nanos);
    }

    private long delay(Kind kind) {
        long total = Math.max(totalBytes.delay(), totalIops.delay());
        long own = kind == Kind.READ
                ? Math.max(readBytes.delay(), readIops.delay())
                : Math.max(writeBytes.delay(), writeIops.delay());
        return Math.max(total, own);
    }

    private void count(Kind kind, BlockRequest request) {
        // A discard moves no data, however long it is.
        double bytes = request.operation() == BlockRequest.Operation.DISCARD ? 0 : request.length();
        double operations = bytesPerOperation > 0 ? Math.max(1, bytes / bytesPerOperation) : 1;
        totalBytes.add(bytes);
        totalIops.add(operations);
        if (kind == Kind.READ) {
            readBytes.add(bytes);
            readIops.add(operations);
        } else {
            writeBytes.add(bytes);
            writeIops.add(operations);
        }
    }
}
