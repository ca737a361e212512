package vmm.machine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import vmm.event.EventLoop;
import vmm.event.EventLoops;
import vmm.event.LoopOptions;
import vmm.virtio.QueueLoops;

/** The threads that serve devices: those that devices share by number, and one of its own for each of the others. */
final class IoThreads implements AutoCloseable {
    private final LoopOptions options;
    private final List<EventLoop> shared = new ArrayList<>();

    /** Those that serve one device, by its name. Guarded by this. */
    private final Map<String, EventLoop> own = new HashMap<>();

    /** Starts {@code count} threads that devices may share. */
    IoThreads(int count, LoopOptions options) {
        this.options = options;
        try {
            for (int number = 1; number <= count; number++) {
                shared.add(EventLoops.start("iothread" + number, options));
            }
        } catch (Throwable failure) {
            close();
            throw failure;
        }
    }

    /**
     * Who serves the queues of the device that is called {@code name}.
     *
     * @throws vmm.linux.HostException if the host has no thread for it
     */
    synchronized QueueLoops of(String name, VirtioConfig virtio) {
        if (!virtio.iothreads().isEmpty()) {
            return QueueLoops.roundRobin(virtio.iothreads().stream()
                    .map(number -> shared.get(number - 1))
                    .toList());
        }
        EventLoop loop = EventLoops.start(name, options);
        own.put(name, loop);
        return QueueLoops.single(loop);
    }

    /** Ends the thread that a device had of its own, if it had one, after the device has been reset. */
    void release(String name) {
        EventLoop loop;
        synchronized (this) {
            loop = own.remove(name);
        }
        if (loop != null) {
            loop.close();
        }
    }

    /** Ends all threads, after the devices that they serve have been reset. */
    @Override
    public void close() {
        try (Teardown teardown = new Teardown()) {
            shared.forEach(teardown::opened);
            synchronized (this) {
                own.values().forEach(teardown::opened);
                own.clear();
            }
        }
    }
}
