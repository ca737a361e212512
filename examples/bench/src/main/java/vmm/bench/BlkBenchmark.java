package vmm.bench;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import vmm.block.NullDisk;
import vmm.event.SteppedEventLoop;
import vmm.memory.GuestMemory;
import vmm.virtio.Features;
import vmm.virtio.blk.BlkConfig;
import vmm.virtio.blk.BlkFeatures;
import vmm.virtio.blk.VirtioBlkDevice;
import vmm.virtio.driver.MockDriver;
import vmm.virtio.driver.MockQueue;

/** Purpose: what a whole request costs when the disk costs nothing. */
@State(Scope.Thread)
public class BlkBenchmark {
    private static final int SIZE = 128;
    private static final long HEADER = 0x80000;
    private static final long STATUS = 0x80100;
    private static final long DATA = 0x90000;
    private static final int PAGE = 4096;
    private static final int BATCH = 32;

    private final GuestMemory memory = GuestMemory.detached(1 << 20);
    private final SteppedEventLoop loop = new SteppedEventLoop();
    private final MockDriver driver = new MockDriver(
            memory,
            new VirtioBlkDevice(
                    loop,
                    new NullDisk("null", 1 << 30, false),
                    BlkConfig.of("drive0", "").withQueues(1, SIZE)));
    private final MockQueue queue = newQueue();

    /** Made by the harness. */
    public BlkBenchmark() {}

    private MockQueue newQueue() {
        driver.negotiate(BlkFeatures.FLUSH | Features.RING_EVENT_IDX);
        return driver.addQueue(0, SIZE);
    }

    /** Starts the device; on the thread that measures, which the loop then belongs to. */
    @Setup
    public void start() {
        memory.putInt(HEADER, 0);
        memory.putLong(HEADER + 8, 8);
        driver.activate();
        loop.runUntilIdle();
    }

    /**
     * One of several reads that the device finds when it looks by itself: the chain, the header's decoding and checks,
     * the answer, and no system call.
     */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public long decode() {
        for (int i = 0; i < BATCH; i++) {
            offerRead();
        }
        queue.kick();
        loop.poll();
        for (int i = 0; i < BATCH; i++) {
            if (!queue.collect()) {
                throw new IllegalStateException("A request was not answered.");
            }
        }
        return queue.usedLength();
    }

    private void offerRead() {
        queue.readable(HEADER, 16).writable(DATA, PAGE).writable(STATUS, 1).offer();
    }

    /** Reads 4 KiB: from the driver's offer to its look at the used ring, the doorbell's two system calls included. */
    @Benchmark
    public long read4k() {
        offerRead();
        queue.kick();
        loop.step();
        if (!queue.collect()) {
            throw new IllegalStateException("The request was not answered.");
        }
        return queue.usedLength();
    }

    /** Stops the device. */
    @TearDown
    public void close() {
        driver.close();
        loop.close();
    }
}
