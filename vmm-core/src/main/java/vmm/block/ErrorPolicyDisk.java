package vmm.block;

import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import vmm.event.EventLoop;
import vmm.linux.Errno;

/**
 * A filter that treats failed requests as an {@link ErrorPolicy} says: it can hold them until {@link #retry} succeeds,
 * so that a guest does not lose its file systems because its host ran out of space.
 *
 * <p>What no second attempt can mend is reported instead: a request outside the disk, a write to a read-only one, an
 * operation that the storage does not know, a flush that did not fail for lack of space. A request that succeeds at
 * once costs one more call.
 */
public final class ErrorPolicyDisk extends FilterDisk {
    private final ErrorPolicy policy;
    private final DiskErrorListener listener;

    /** The queues that hold requests. Guarded by itself. */
    private final Set<Queue> holding = new LinkedHashSet<>();

    /** Requests that are held or being tried again. Guarded by {@link #holding}. */
    private int heldRequests;

    /** A filter in front of {@code disk}, which it owns from now on. */
    public ErrorPolicyDisk(BlockDevice disk, ErrorPolicy policy, DiskErrorListener listener) {
        super(disk);
        this.policy = policy;
        this.listener = listener;
    }

    /** Tries all held requests once more, in their order. Returns at once; any thread may call. */
    public void retry() {
        List<Queue> queues;
        synchronized (holding) {
            queues = List.copyOf(holding);
        }
        queues.forEach(Queue::postRetry);
    }

    /** True while requests wait, or are being tried once more. Any thread. */
    public boolean isHolding() {
        synchronized (holding) {
            return heldRequests > 0;
        }
    }

    @Override
    public BlockQueue openQueue(EventLoop loop) {
        return new Queue(loop, inner().openQueue(loop));
    }

    private final class Queue implements BlockQueue, BlockRequest.ErrorHandler {
        private final EventLoop loop;
        private final BlockQueue inner;
        private final ArrayDeque<BlockRequest> waiting = new ArrayDeque<>();
        private boolean draining;

        Queue(EventLoop loop, BlockQueue inner) {
            this.loop = loop;
            this.inner = inner;
        }

        @Override
        public void submit(BlockRequest request) {
            request.handleErrors(this);
            inner.submit(request);
        }

        @Override
        public void ended(BlockRequest request, int errno) {
            if (errno == 0) {
                release(request, 0);
                return;
            }
            switch (policy.outcome(request.operation(), errno)) {
                case HOLD -> {
                    if (draining || isHopeless(request, errno)) {
                        release(request, errno);
                    } else {
                        hold(request, errno);
                    }
                }
                case FAIL -> release(request, errno);
                case SUCCEED -> release(request, 0);
            }
        }

        private boolean isHopeless(BlockRequest request, int errno) {
            // A flush that failed has lost data: the kernel drops what it cannot write, and the next attempt would
            // succeed for nothing. That is for the guest to know. One for which there was no space still has all that
            // it was to bring to the storage, as the tables of an image.
            return (request.operation() == BlockRequest.Operation.FLUSH && errno != Errno.ENOSPC)
                    || errno == Errno.EOPNOTSUPP
                    || request.refusal(ErrorPolicyDisk.this) != 0;
        }

        private void hold(BlockRequest request, int errno) {
            request.data().rewind();
            waiting.add(request);
            synchronized (holding) {
                holding.add(this);
                if (request.heldError == 0) {
                    heldRequests++;
                }
            }
            request.heldError = errno;
            listener.held(ErrorPolicyDisk.this, request.operation(), errno);
        }

        private void release(BlockRequest request, int errno) {
            boolean last = false;
            if (request.heldError != 0) {
                request.heldError = 0;
                synchronized (holding) {
                    last = --heldRequests == 0;
                }
            }
            request.completed(errno);
            if (last) {
                listener.released(ErrorPolicyDisk.this, errno);
            }
        }

        private void postRetry() {
            try {
                loop.post(this::retry);
            } catch (IllegalStateException closed) {
                // A loop that has ended has drained its queues.
            }
        }

        private void retry() {
            synchronized (holding) {
                holding.remove(this);
            }
            for (int left = waiting.size(); left > 0; left--) {
                BlockRequest request = waiting.poll();
                if (request != null) {
                    inner.submit(request);
                }
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
                synchronized (holding) {
                    holding.remove(this);
                }
                for (BlockRequest request = waiting.poll(); request != null; request = waiting.poll()) {
                    release(request, request.heldError);
                }
            }
        }
    }
}
