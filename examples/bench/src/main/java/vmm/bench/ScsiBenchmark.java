package vmm.bench;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import vmm.block.NullDisk;
import vmm.event.SteppedEventLoop;
import vmm.memory.GuestMemory;
import vmm.scsi.DiskIdentity;
import vmm.scsi.ScsiBus;
import vmm.scsi.block.DiskGeometry;
import vmm.scsi.block.ScsiDisk;
import vmm.scsi.primary.PrimaryUnits;
import vmm.virtio.Features;
import vmm.virtio.driver.MockDriver;
import vmm.virtio.driver.MockQueue;
import vmm.virtio.scsi.HbaConfig;
import vmm.virtio.scsi.VirtioScsiDevice;

/** Purpose: what SCSI adds to a whole request; to be compared with {@link BlkBenchmark}. */
@State(Scope.Thread)
public class ScsiBenchmark {
    private static final int SIZE = 128;
    private static final int FIRST_REQUEST_QUEUE = 2;
    private static final long HEADER = 0x80000;
    private static final int HEADER_SIZE = 19 + 32;
    private static final long RESPONSE = 0x80100;
    private static final int RESPONSE_SIZE = 12 + 96;
    private static final int STATUS = 10;
    private static final long DATA = 0x90000;
    private static final int PAGE = 4096;
    private static final byte READ_10 = 0x28;

    private final GuestMemory memory = GuestMemory.detached(1 << 20);
    private final SteppedEventLoop loop = new SteppedEventLoop();
    private final MockDriver driver = new MockDriver(memory, device(loop));
    private final MockQueue queue = newQueue();

    /** Made by the harness. */
    public ScsiBenchmark() {}

    private static VirtioScsiDevice device(SteppedEventLoop loop) {
        ScsiBus bus = new ScsiBus(PrimaryUnits.SHARED);
        NullDisk medium = new NullDisk("null", 1 << 30, false);
        bus.attach(0, 0, new ScsiDisk(medium, DiskIdentity.DEFAULT, DiskGeometry.DEFAULT, true));
        return new VirtioScsiDevice(loop, bus, new HbaConfig("scsi0", 1, SIZE));
    }

    private MockQueue newQueue() {
        driver.negotiate(Features.RING_EVENT_IDX);
        return driver.addQueue(FIRST_REQUEST_QUEUE, SIZE);
    }

    /** Starts the device, and hears that it has been powered on; on the thread that measures. */
    @Setup
    public void start() {
        ByteBuffer header = ByteBuffer.allocate(HEADER_SIZE).order(ByteOrder.LITTLE_ENDIAN);
        header.put((byte) 1).put(3, (byte) 0); // target 0, LUN 0
        header.put(19, READ_10).put(24, (byte) 1).put(27, (byte) (PAGE / 512));
        memory.write(HEADER, header.array());
        driver.activate();
        loop.runUntilIdle();
        do {
            read4k();
        } while (memory.getByte(RESPONSE + STATUS) != 0);
    }

    /** Reads 4 KiB: from the driver's offer to its look at the used ring. */
    @Benchmark
    public long read4k() {
        queue.readable(HEADER, HEADER_SIZE)
                .writable(RESPONSE, RESPONSE_SIZE)
                .writable(DATA, PAGE)
                .offer();
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
