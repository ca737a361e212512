package vmm.block.qcow2;

import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Keeps clusters that nothing leads to any more, on stable storage, until no request can be on its way to them: one
 * that looked at the mapping before they were given up. Needs the image's lock, but for what queues call.
 *
 * <p>Each request belongs to an age. When clusters wait, a new age begins, and they are free when all requests of the
 * one before have ended. So a queue only counts its requests, for itself.
 */
final class Reclaimer {
    private final List<Qcow2Queue> queues = new CopyOnWriteArrayList<>();

    /** Those that wait for the age to change. */
    private final LongList waiting = new LongList();

    /** Those that wait for the last age's requests to end. */
    private final LongList leaving = new LongList();

    private volatile int age;
    private volatile boolean ending;

    void add(Qcow2Queue queue) {
        queues.add(queue);
    }

    /** The age that requests belong to which begin now. Any thread. */
    int age() {
        return age;
    }

    /** True if clusters wait for the requests of the last age. Any thread. */
    boolean isEnding() {
        return ending;
    }

    /** Takes clusters that nothing leads to any more. */
    void add(LongList clusters) {
        waiting.addAll(clusters);
    }

    /** Looks whether there are clusters that are free now; then {@link #ready} has them, until they are cleared. */
    boolean advance() {
        if (leaving.isEmpty() && !waiting.isEmpty()) {
            leaving.addAll(waiting);
            waiting.clear();
            nextAge();
            ending = true;
            // Whoever does not see the new age has to be seen below.
            VarHandle.fullFence();
        }
        if (leaving.isEmpty() || isBusy()) {
            return false;
        }
        ending = false;
        return true;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // Only who holds the image's lock changes it.
    private void nextAge() {
        age++;
    }

    private boolean isBusy() {
        int last = (age - 1) & 1;
        for (Qcow2Queue queue : queues) {
            if (queue.requestsOf(last) > 0) {
                return true;
            }
        }
        return false;
    }

    LongList ready() {
        return leaving;
    }

    /** True if no cluster waits for anything. */
    boolean isEmpty() {
        return waiting.isEmpty() && leaving.isEmpty();
    }
}
