package vmm.block.nbd;

import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.event.EventLoop;

/**
 * Connects to a server that has gone, again and again until it answers, with pauses that grow. Each attempt has a
 * thread of its own, since it waits. Loop thread only.
 */
final class Dialer {
    private static final Logger log = LoggerFactory.getLogger(Dialer.class);

    private static final long FIRST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long LONGEST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final NbdDisk disk;
    private final EventLoop loop;
    private final Consumer<Session> found;
    private boolean wanted;
    private long pauseNanos;
    private String trouble = "has not answered";

    /**
     * A dialer that does nothing yet.
     *
     * @param found told, on the loop's thread, of the session that was asked for
     */
    Dialer(NbdDisk disk, EventLoop loop, Consumer<Session> found) {
        this.disk = disk;
        this.loop = loop;
        this.found = found;
    }

    /** Begins; the first attempt is at once, unless earlier sessions were of no use. */
    void start() {
        wanted = true;
        dialLater();
    }

    /** Ends. A session that comes late is closed. */
    void stop() {
        wanted = false;
    }

    /** The server has done something useful, so that the next {@link #start} need not be careful. */
    void encourage() {
        pauseNanos = 0;
    }

    /** Why the last attempt failed; completes a sentence that begins with the disk. */
    String trouble() {
        return trouble;
    }

    private void dialLater() {
        loop.schedule(pauseNanos, this::dial);
        pauseNanos = Math.min(Math.max(2 * pauseNanos, FIRST_PAUSE_NANOS), LONGEST_PAUSE_NANOS);
    }

    private void dial() {
        if (wanted) {
            Thread.ofPlatform().name("nbd connect").daemon().start(this::connect);
        }
    }

    private void connect() {
        try {
            Session session = disk.connect();
            deliver(session, "");
        } catch (NbdException e) {
            deliver(null, e.reason());
        }
    }

    private void deliver(@Nullable Session session, String reason) {
        try {
            loop.post(() -> dialed(session, reason));
        } catch (IllegalStateException e) {
            log.debug("The loop that wanted a connection to {} has ended.", disk.name(), e);
            if (session != null) {
                session.close();
            }
        }
    }

    private void dialed(@Nullable Session session, String reason) {
        if (session == null) {
            trouble = reason;
            log.debug("Disk {} {}.", disk.name(), reason);
            if (wanted) {
                dialLater();
            }
        } else if (wanted) {
            wanted = false;
            found.accept(session);
        } else {
            session.close();
        }
    }
}
