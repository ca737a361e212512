package vmm.event;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.linux.HostException;

/** Starts event loops. */
public final class EventLoops {
    private static final Logger log = LoggerFactory.getLogger(EventLoops.class);

    private static final AtomicBoolean told = new AtomicBoolean();

    private EventLoops() {}

    /** Makes a loop on the thread that will be its own. */
    private interface Maker {
        WorkerLoop make(LoopOptions options);
    }

    /** Starts a loop that suits the host. See {@link #start(String, LoopOptions)}. */
    public static EventLoop start(String name) {
        return start(name, LoopOptions.standard());
    }

    /**
     * Starts a loop.
     *
     * @param name the thread's
     * @throws HostException if the host cannot have what the options ask for
     */
    public static EventLoop start(String name, LoopOptions options) {
        return switch (options.kind()) {
            case IO_URING -> start(name, options, UringEventLoop::new);
            case POLL -> start(name, options, PollEventLoop::new);
            case AUTO -> startEither(name, options);
        };
    }

    private static EventLoop startEither(String name, LoopOptions options) {
        try {
            return start(name, options, UringEventLoop::new);
        } catch (HostException e) {
            if (told.compareAndSet(false, true)) {
                log.info("Disks are read and written by threads, which is slower than io_uring: {}", e.getMessage());
            }
            return start(name, options, PollEventLoop::new);
        }
    }

    private static EventLoop start(String name, LoopOptions options, Maker maker) {
        CompletableFuture<EventLoop> started = new CompletableFuture<>();
        Thread.ofPlatform().name(name).daemon().start(() -> {
            WorkerLoop loop;
            try {
                loop = maker.make(options);
            } catch (RuntimeException | Error e) {
                started.completeExceptionally(e);
                return;
            }
            started.complete(loop);
            loop.runToEnd();
        });
        try {
            return started.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }
}
