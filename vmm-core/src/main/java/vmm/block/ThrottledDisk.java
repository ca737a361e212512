package vmm.block;

import org.jspecify.annotations.Nullable;
import vmm.event.EventLoop;

/**
 * A filter that delays requests so that its disk keeps within the limits of a {@link ThrottleGroup}, as long as it is
 * in one. Flushes are never delayed. Without a group a request costs one more call.
 */
public final class ThrottledDisk extends FilterDisk {
    /** What the disk is to a group. */
    private record Membership(ThrottleGroup group, ThrottleGroup.Member member) {}

    private volatile @Nullable Membership membership;

    /** A filter in front of {@code disk}, which it owns from now on; without limits if the group is null. */
    public ThrottledDisk(BlockDevice disk, @Nullable ThrottleGroup group) {
        super(disk);
        this.membership = join(group);
    }

    private static @Nullable Membership join(@Nullable ThrottleGroup group) {
        return group == null ? null : new Membership(group, group.join());
    }

    /**
     * Leaves the group, and joins another unless that is null. What waits in the old one goes ahead. Any thread may
     * call.
     */
    public synchronized void setGroup(@Nullable ThrottleGroup group) {
        Membership old = membership;
        membership = join(group);
        if (old != null) {
            old.group.dismiss(old.member);
        }
    }

    @Override
    public BlockQueue openQueue(EventLoop loop) {
        return new Queue(loop, inner().openQueue(loop));
    }

    @Override
    public void close() {
        Membership last = membership;
        if (last != null) {
            last.group.leave(last.member);
        }
        super.close();
    }

    /** One worker's way through the limits. */
    final class Queue implements BlockQueue {
        private static final long NEVER = Long.MAX_VALUE;

        private final EventLoop loop;
        private final BlockQueue inner;
        private final Runnable alarm = this::wake;
        private boolean draining;

        /** The first time at which {@link #wake} is going to run, if at all. Guarded by this. */
        private long nextWake = NEVER;

        Queue(EventLoop loop, BlockQueue inner) {
            this.loop = loop;
            this.inner = inner;
        }

        @Override
        public void submit(BlockRequest request) {
            Membership now = membership;
            if (now == null || request.operation() == BlockRequest.Operation.FLUSH) {
                inner.submit(request);
            } else if (draining) {
                now.group.admitAnyway(request);
                inner.submit(request);
            } else if (now.group.admit(now.member, this, request)) {
                inner.submit(request);
            } else {
                submitAllowed(now.group);
            }
        }

        private void submitAllowed(ThrottleGroup group) {
            for (BlockRequest next = group.next(this); next != null; next = group.next(this)) {
                inner.submit(next);
            }
        }

        private void wake() {
            synchronized (this) {
                nextWake = NEVER;
            }
            Membership now = membership;
            if (now != null) {
                submitAllowed(now.group);
            }
        }

        /** Has this queue ask again in {@code delay} nanoseconds. By the group, which locked itself, on this loop. */
        synchronized void wakeAfter(long now, long delay) {
            if (now + delay < nextWake) {
                nextWake = now + delay;
                loop.schedule(delay, alarm);
            }
        }

        /** Has this queue ask again, in {@code delay} nanoseconds at the latest. By the group, which locked itself. */
        synchronized void wakeFromAfar(long now, long delay) {
            if (now + delay < nextWake) {
                nextWake = now;
                loop.post(alarm);
            }
        }

        /** Has this queue take what waits of a disk that leaves a group. By the group, which locked itself. */
        void releaseSoon(ThrottleGroup group, ThrottleGroup.Member member) {
            loop.post(() -> release(group, member));
        }

        private void release(ThrottleGroup group, ThrottleGroup.Member member) {
            for (BlockRequest next = group.nextOf(member, this); next != null; next = group.nextOf(member, this)) {
                inner.submit(next);
            }
            // Whoever waited behind these is next.
            submitAllowed(group);
        }

        @Override
        public void query(ExtentQuery query) {
            inner.query(query);
        }

        @Override
        public void drain(boolean on) {
            draining = on;
            inner.drain(on);
            Membership now = membership;
            if (on && now != null) {
                release(now.group, now.member);
            }
        }
    }
}
