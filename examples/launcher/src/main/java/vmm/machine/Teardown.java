package vmm.machine;

import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.linux.HostException;

/** What has been opened and is to be closed again, last first, whatever goes wrong on the way. One thread. */
final class Teardown implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Teardown.class);

    private final Deque<AutoCloseable> steps = new ArrayDeque<>();

    /** Remembers to close {@code opened}, and returns it. */
    <T extends AutoCloseable> T opened(T opened) {
        steps.push(opened);
        return opened;
    }

    /** Remembers to run {@code step}. */
    void then(Runnable step) {
        steps.push(step::run);
    }

    @Override
    public void close() {
        while (!steps.isEmpty()) {
            try {
                steps.pop().close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (HostException e) {
                log.warn("{}", e.getMessage());
                log.debug("What was to be closed:", e);
            } catch (Exception e) {
                log.warn("Could not close everything: {}", e.toString(), e);
            }
        }
    }
}
