package vmm.block;

import vmm.event.EventLoop;

/**
 * A filter that delays requests so that its disk keeps within the limits of a {@link ThrottleGroup}. Flushes are never
 * delayed.
 */
public final class ThrottledDisk extends FilterDisk {
    private final ThrottleGroup group;
    private final ThrottleGroup.Member member;

    /** A filter in front of {@code disk}, which it owns from now on. */
    public ThrottledDisk(BlockDevice disk, ThrottleGroup group) {
        super(disk);
        this.group = group;
        this.member = group.join();
    }

    @Override
    public BlockQueue openQueue(EventLoop loop) {
        return new Queue(loop, inner().openQueue(loop));
    }

    @Override
    public void close() {
        group.leave(member);
        super.close();
    }

    /** One worker's way through the limits. */
    final class Queue implements BlockQueue {
        private static final long NEVER = Long.MAX_VALUE;

        private final EventLoop loop;
        private final BlockQueue inner;
        private final Runnable alarm = this::wake;
        private boolean draining;

        /** The first time at which {@link #wake} is going to run, if at all. Guarded by the group. */
        private long nextWake = NEVER;

        Queue(EventLoop loop, BlockQueue inner) {
            this.loop = loop;
            this.inner = inner;
        }

        @Override
        public void submit(BlockRequest request) {
            if (request.operation() == BlockRequest.Operation.FLUSH) {
                inner.submit(request);
            } else if (draining) {
                group.admitAnyway(request);
                inner.submit(request);
            } else if (group.admit(member, this, request)) {
                inner.submit(request);
            } else {
                submitAllowed();
            }
        }

        private void submitAllowed() {
            for (BlockRequest next = group.next(this); next != null; next = group.next(this)) {
                inner.submit(next);
            }
        }

        private void wake() {
            synchronized (group) {
                nextWake = NEVER;
            }
            submitAllowed();
        }

        /** Has this queue ask again in {@code delay} nanoseconds. By the group, which locked itself, on this loop. */
        void wakeAfter(long now, long delay) {
            if (now + delay < nextWake) {
                nextWake = now + delay;
                loop.schedule(delay, alarm);
            }
        }

        /** Has this queue ask again, in {@code delay} nanoseconds at the latest. By the group, which locked itself. */
        void wakeFromAfar(long now, long delay) {
            if (now + delay < nextWake) {
                nextWake = now;
                loop.post(alarm);
            }
        }

        @Override
        public void query(ExtentQuery query) {
            inner.query(query);
        }

        @Override
        public void drain(boolean on) {
            draining = on;
            inner.drain(on);
            if (on) {
                for (BlockRequest next = group.nextOf(member, this); next != null; next = group.nextOf(member, this)) {
                    inner.submit(next);
                }
                // Whoever waited behind these is next.
                submitAllowed();
            }
        }
    }
}
