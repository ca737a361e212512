package vmm.bench;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import vmm.block.NullDisk;
import vmm.event.SteppedEventLoop;
import vmm.memory.GuestMemory;
import vmm.virtio.DescriptorChain;
import vmm.virtio.SplitVirtqueue;
import vmm.virtio.blk.BlkConfig;
import vmm.virtio.blk.VirtioBlkDevice;
import vmm.virtio.driver.MockDriver;
import vmm.virtio.driver.MockSplitQueue;

/** Purpose: what the ring itself adds to every request. */
@State(Scope.Thread)
public class QueueBenchmark {
    private static final int SIZE = 256;
    private static final int NEXT = MockSplitQueue.DESC_F_NEXT;
    private static final int WRITE = MockSplitQueue.DESC_F_WRITE;
    private static final long BUFFERS = 0x80000;

    private final GuestMemory memory = GuestMemory.detached(1 << 20);
    private final MockDriver driver = new MockDriver(
            memory,
            new VirtioBlkDevice(
                    new SteppedEventLoop(), new NullDisk("null", 1 << 20, false), BlkConfig.of("drive0", "")));
    private final MockSplitQueue guest = driver.addSplitQueue(0, SIZE);
    private final SplitVirtqueue queue = new SplitVirtqueue(memory, guest.setup(), 0);
    private final DescriptorChain chain = new DescriptorChain(memory, SIZE);
    private int availIdx;

    /** Made by the harness. */
    public QueueBenchmark() {}

    /** Fills the ring with chains of a header, a page and a status, and wants no interrupts. */
    @Setup
    public void layOut() {
        for (int i = 0; i + 3 <= SIZE; i += 3) {
            guest.putDescriptor(i, BUFFERS, 16, NEXT, i + 1);
            guest.putDescriptor(i + 1, BUFFERS + 0x1000, 4096, NEXT | WRITE, i + 2);
            guest.putDescriptor(i + 2, BUFFERS + 0x800, 1, WRITE, 0);
        }
        for (int i = 0; i < SIZE; i++) {
            guest.putAvailable(i, i % (SIZE / 3) * 3);
        }
        guest.wantInterrupts(false);
    }

    /** Takes one chain of three descriptors, and gives it back. */
    @Benchmark
    public long popAndComplete() {
        guest.putAvailIdx(++availIdx);
        if (!queue.pop(chain)) {
            throw new IllegalStateException("The ring is empty.");
        }
        queue.complete(chain.head(), chain.writableBytes());
        queue.notifyDriver();
        return chain.writableBytes();
    }

    /** Gives the doorbell back. */
    @TearDown
    public void close() {
        driver.close();
    }
}
