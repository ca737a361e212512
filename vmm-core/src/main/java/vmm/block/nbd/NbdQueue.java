package vmm.block.nbd;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.block.BlockQueue;
import vmm.block.BlockRequest;
import vmm.event.EventLoop;
import vmm.linux.Errno;

/**
 * One worker's way to the server: a connection of its own, or that of another worker if the server wants all requests
 * on one.
 */
final class NbdQueue implements BlockQueue, Command.Client {
    private static final Logger log = LoggerFactory.getLogger(NbdQueue.class);

    private final NbdDisk disk;
    private final EventLoop loop;
    private Connection connection;
    private @Nullable Errand free;
    private volatile boolean draining;

    NbdQueue(NbdDisk disk, EventLoop loop, Connection connection) {
        this.disk = disk;
        this.loop = loop;
        this.connection = connection;
    }

    @Override
    public void submit(BlockRequest request) {
        int errno = request.begin(disk);
        boolean flush = request.operation() == BlockRequest.Operation.FLUSH;
        if (errno == 0 && !flush && !disk.isAligned(request.offset() | request.length())) {
            errno = Errno.EINVAL;
        }
        boolean nothing = flush ? disk.readOnly() : request.length() == 0;
        if (errno != 0 || nothing) {
            request.end(errno);
            return;
        }
        if (request.operation().changesDisk()) {
            disk.noteChange();
        }
        while (!deliver(request)) {
            connection = disk.connectionFor(loop);
        }
    }

    /** Passes a request on. Returns false if the connection's loop has ended. */
    private boolean deliver(BlockRequest request) {
        if (connection.loop().equals(loop)) {
            connection.submit(request, this);
            return true;
        }
        Errand errand = free;
        if (errand == null) {
            errand = new Errand();
        } else {
            free = errand.next;
        }
        errand.request = request;
        errand.target = connection;
        try {
            connection.loop().post(errand);
            return true;
        } catch (IllegalStateException e) {
            log.debug("The loop that served disk {} has ended.", disk.name(), e);
            errand.back();
            return false;
        }
    }

    @Override
    public void drain(boolean on) {
        draining = on;
        if (connection.loop().equals(loop)) {
            connection.failDraining();
            return;
        }
        Connection shared = connection;
        try {
            shared.loop().post(shared::failDraining);
        } catch (IllegalStateException e) {
            log.debug("The loop that served disk {} has ended.", disk.name(), e);
        }
    }

    @Override
    public void answered(BlockRequest request, int errno) {
        request.end(errno);
    }

    @Override
    public boolean isDraining() {
        return draining;
    }

    /** A request on its way to the connection's loop and back; used again for others. */
    private final class Errand implements Runnable, Command.Client {
        private @Nullable Errand next;
        private @Nullable BlockRequest request;
        private @Nullable Connection target;
        private int errno;

        /** Runs twice: there, and, when there is an answer, here. */
        @Override
        public void run() {
            BlockRequest carried = request;
            Connection there = target;
            if (carried == null) {
                throw new IllegalStateException("The errand has been run.");
            }
            if (there != null) {
                target = null;
                there.submit(carried, this);
            } else {
                back();
                carried.end(errno);
            }
        }

        @Override
        public void answered(BlockRequest request, int errno) {
            this.errno = errno;
            try {
                loop.post(this);
            } catch (IllegalStateException e) {
                log.debug("The loop that waited for disk {} has ended.", disk.name(), e);
            }
        }

        @Override
        public boolean isDraining() {
            return draining;
        }

        private void back() {
            request = null;
            target = null;
            next = free;
            free = this;
        }
    }
}
