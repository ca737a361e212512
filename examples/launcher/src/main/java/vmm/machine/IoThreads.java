package vmm.machine;

import java.util.List;
import java.util.stream.IntStream;
import vmm.event.EventLoop;
import vmm.event.EventLoops;
import vmm.event.LoopOptions;
import vmm.virtio.QueueLoops;

/** The threads that serve devices: those that devices share by number, and one of its own for each of the others. */
final class IoThreads implements AutoCloseable {
    private final Teardown teardown = new Teardown();
    private final LoopOptions options;
    private final List<EventLoop> shared;

    /** Starts {@code count} threads that devices may share. */
    IoThreads(int count, LoopOptions options) {
        this.options = options;
        shared = IntStream.rangeClosed(1, count)
                .mapToObj(number -> start("iothread" + number))
                .toList();
    }

    private EventLoop start(String name) {
        try {
            return teardown.opened(EventLoops.start(name, options));
        } catch (Throwable failure) {
            teardown.close();
            throw failure;
        }
    }

    /** Who serves the queues of the device that is called {@code name}. */
    QueueLoops of(String name, VirtioConfig virtio) {
        return virtio.iothreads().isEmpty()
                ? QueueLoops.single(start(name))
                : QueueLoops.roundRobin(virtio.iothreads().stream()
                        .map(number -> shared.get(number - 1))
                        .toList());
    }

    /** Ends all threads, after the devices that they serve have been reset. */
    @Override
    public void close() {
        teardown.close();
    }
}
