package vmm.virtio;

import java.util.List;
import vmm.event.EventLoop;

/** Which event loop serves which queue of a device. */
public final class QueueLoops {
    private final List<EventLoop> loops;
    private final boolean explicit;

    private QueueLoops(List<EventLoop> loops, boolean explicit) {
        if (loops.isEmpty()) {
            throw new IllegalArgumentException("A device needs an event loop.");
        }
        this.loops = List.copyOf(loops);
        this.explicit = explicit;
    }

    /** One loop for all queues. */
    public static QueueLoops single(EventLoop loop) {
        return new QueueLoops(List.of(loop), false);
    }

    /** The queues go to the loops in turn: queue 0 to the first, queue 1 to the second, and round again. */
    public static QueueLoops roundRobin(List<EventLoop> loops) {
        return new QueueLoops(loops, false);
    }

    /**
     * Every queue has a loop of its user's choice.
     *
     * @param byQueue the loop of each queue by its index; a loop may appear often
     */
    public static QueueLoops mapped(List<EventLoop> byQueue) {
        return new QueueLoops(byQueue, true);
    }

    /**
     * The loop that serves queue {@code index}.
     *
     * @throws IllegalArgumentException if a mapping leaves that queue out
     */
    public EventLoop of(int index) {
        if (explicit && index >= loops.size()) {
            throw new IllegalArgumentException("No event loop was chosen for queue " + index + ".");
        }
        return loops.get(index % loops.size());
    }

    /**
     * Checks that there is a loop for each queue of a device, and none that would have nothing to do by mistake.
     *
     * @param queues how many queues the device has
     * @throws IllegalArgumentException if a mapping is for another number of queues
     */
    public void check(int queues) {
        if (explicit && loops.size() != queues) {
            throw new IllegalArgumentException(
                    "Event loops were chosen for " + loops.size() + " queues of a device that has " + queues + ".");
        }
    }

    /** Every loop once, in the order in which they first serve a queue. */
    public List<EventLoop> distinct() {
        return loops.stream().distinct().toList();
    }
}
