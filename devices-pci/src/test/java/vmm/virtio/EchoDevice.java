package vmm.virtio;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import vmm.event.EventLoop;

/** A device that fills what it may write with what it may read, at once or when it is told to. */
final class EchoDevice implements VirtioDevice {
    /** A request that waits for its answer. */
    record Held(QueueServer server, int head) {}

    final List<Held> held = new ArrayList<>();
    boolean holding;
    int handled;

    @Nullable
    DeviceQueues active;

    /** Makes every request meet a defect of the device. */
    boolean failing;

    /** How long a reset waits for requests that may have been lost. */
    Duration patience = Duration.ofSeconds(5);

    private final QueueLoops loops;
    private final int queues;
    private final int queueSize;
    private final byte[] buffer = new byte[1 << 16];

    EchoDevice(EventLoop loop, int queues, int queueSize) {
        this(QueueLoops.single(loop), queues, queueSize);
    }

    EchoDevice(QueueLoops loops, int queues, int queueSize) {
        this.loops = loops;
        this.queues = queues;
        this.queueSize = queueSize;
    }

    @Override
    public int type() {
        return 0;
    }

    @Override
    public long features() {
        return RingFeatures.ALL.bits();
    }

    @Override
    public int[] queueSizes() {
        int[] sizes = new int[queues];
        Arrays.fill(sizes, queueSize);
        return sizes;
    }

    @Override
    public int configSize() {
        return 0;
    }

    @Override
    public long readConfig(int offset, int size) {
        return 0;
    }

    @Override
    public void writeConfig(int offset, int size, long value) {}

    @Override
    public void activate(Activation activation) {
        DeviceQueues started = new DeviceQueues(loops, "echo", activation, patience);
        for (QueueSetup setup : activation.queues()) {
            if (setup != null) {
                started.serve(setup, queueSize, this::handle);
            }
        }
        active = started;
        started.start();
    }

    private void handle(QueueServer server, DescriptorChain chain) {
        handled++;
        if (failing) {
            throw new IllegalStateException("a defect of the device");
        }
        if (holding) {
            held.add(new Held(server, chain.head()));
            return;
        }
        int length = (int) Math.min(buffer.length, Math.min(chain.readableBytes(), chain.writableBytes()));
        chain.read(0, buffer, 0, length);
        chain.write(0, buffer, 0, length);
        server.complete(chain.head(), length);
    }

    /** Answers what was held, on the loop's thread. */
    void release() {
        holding = false;
        for (Held request : held) {
            request.server().complete(request.head(), 0);
        }
        held.clear();
    }

    @Override
    public void resetQueue(int index) {
        Objects.requireNonNull(active).stop(index);
    }

    @Override
    public void enableQueue(QueueSetup setup) {
        DeviceQueues running = Objects.requireNonNull(active);
        running.serve(setup, queueSize, this::handle);
        running.start();
    }

    @Override
    public void reset() {
        DeviceQueues running = active;
        if (running != null) {
            active = null;
            running.stop();
        }
    }
}
