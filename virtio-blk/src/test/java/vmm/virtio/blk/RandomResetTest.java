package vmm.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vmm.block.BlockDevice;
import vmm.block.BlockDevices;
import vmm.block.BlockOptions;
import vmm.block.BlockOptions.Aio;
import vmm.block.BlockOptions.Cache;
import vmm.block.BlockOptions.Format;
import vmm.event.EventLoop;
import vmm.event.EventLoops;
import vmm.memory.GuestMemory;
import vmm.virtio.Features;
import vmm.virtio.QueueLoops;
import vmm.virtio.RingFeatures;
import vmm.virtio.driver.MockDriver;
import vmm.virtio.driver.MockQueue;

/** A driver that resets the device or one queue at any moment, while two workers serve it. */
@Timeout(60)
class RandomResetTest {
    private static final long SEED = 42;
    private static final int ROUNDS = 200;
    private static final int QUEUES = 2;
    private static final int QUEUE_SIZE = 32;
    private static final int DEPTH = 8;
    private static final int BLOCK = 4096;
    private static final int DISK = 1 << 20;
    private static final byte ON_DISK = 0x11;
    private static final byte POISON = 0x5a;
    private static final int LONGEST_PAUSE_NANOS = 200_000;
    private static final long PATIENCE_NANOS = 20_000_000_000L;

    /** What each queue's requests have to themselves, above all rings. */
    private static final long ROOM = 1 << 16;

    private static final long HEADERS = 0x80000;
    private static final long DATA = 0x90000;
    private static final int RAM = 1 << 20;

    private final Random random = new Random(SEED);
    private final GuestMemory memory = GuestMemory.allocate(RAM);

    @ParameterizedTest
    @CsvSource({
        "0, IO_URING",
        "0, THREADS",
        Features.RING_PACKED + ", IO_URING",
        Features.RING_PACKED + ", THREADS",
        Features.RING_PACKED + ", AUTO"
    })
    void onceAResetIsOverMemoryIsTheDriversAlone(long rings, Aio aio, @TempDir Path directory) throws IOException {
        byte[] content = new byte[DISK];
        Arrays.fill(content, ON_DISK);
        Path file = Files.write(directory.resolve("disk"), content);
        BlockOptions options = new BlockOptions(file.toString(), true, Format.RAW, Cache.WRITEBACK, aio, true);
        try (EventLoop first = EventLoops.start("first");
                EventLoop second = EventLoops.start("second");
                BlockDevice disk = BlockDevices.open(options)) {
            VirtioBlkDevice device = new VirtioBlkDevice(
                    QueueLoops.roundRobin(List.of(first, second)),
                    disk,
                    BlkConfig.of("drive0", "").withQueues(QUEUES, QUEUE_SIZE).withRings(RingFeatures.ALL));
            MockQueue[] queues = new MockQueue[QUEUES];
            MockDriver driver = start(device, rings, queues);
            for (int round = 0; round < ROUNDS; round++) {
                for (int i = 0; i < QUEUES; i++) {
                    readBlocks(queues[i], i);
                }
                pause();
                if (random.nextInt(4) != 0) {
                    int index = random.nextInt(QUEUES);
                    device.resetQueue(index);
                    check(DATA + index * ROOM, ROOM);
                    queues[index].close();
                    await(queues[1 - index], 1 - index);
                    queues[index] = driver.addQueue(index, QUEUE_SIZE);
                    device.enableQueue(queues[index].setup());
                } else {
                    driver.reset();
                    check(0, RAM);
                    driver = start(device, rings, queues);
                }
                assertNull(driver.broken());
            }
            driver.close();
        }
    }

    /** A new driver, whose queues begin where the last one's began. */
    private MockDriver start(VirtioBlkDevice device, long rings, MockQueue[] queues) {
        MockDriver driver = new MockDriver(memory, device);
        driver.negotiate(Features.RING_RESET | Features.RING_EVENT_IDX | rings);
        for (int i = 0; i < QUEUES; i++) {
            queues[i] = driver.addQueue(i, QUEUE_SIZE);
        }
        driver.activate();
        return driver;
    }

    private void readBlocks(MockQueue queue, int index) {
        long data = DATA + index * ROOM;
        for (int i = 0; i < DEPTH; i++) {
            long header = HEADERS + (index * DEPTH + i) * 16L;
            memory.putInt(header, BlkGuest.T_IN);
            memory.putLong(header + 8, random.nextInt(DISK / BLOCK) * (BLOCK / 512L));
            queue.readable(header, 16);
            queue.writable(data + (long) i * BLOCK, BLOCK).writable(data + DEPTH * BLOCK + i, 1);
            queue.offer();
            if (random.nextInt(4) == 0) {
                queue.kick();
            }
        }
        queue.kick();
    }

    private void pause() {
        long end = System.nanoTime() + random.nextInt(LONGEST_PAUSE_NANOS);
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }

    /** Nobody but the driver writes there. */
    private void check(long address, long length) {
        byte[] poison = new byte[(int) length];
        Arrays.fill(poison, POISON);
        MemorySegment room = memory.slice(address, length);
        room.copyFrom(MemorySegment.ofArray(poison));
        pause();
        assertEquals(-1, room.mismatch(MemorySegment.ofArray(poison)));
    }

    /** The queue that was not reset answers all that it was asked. */
    private void await(MockQueue queue, int index) {
        long end = System.nanoTime() + PATIENCE_NANOS;
        int answered = 0;
        while (answered < DEPTH) {
            if (queue.collect()) {
                answered++;
            } else {
                assertTrue(System.nanoTime() < end, "An answer is missing.");
                Thread.onSpinWait();
            }
        }
        long data = DATA + index * ROOM;
        for (int i = 0; i < DEPTH; i++) {
            assertEquals(BlkGuest.S_OK, memory.getByte(data + DEPTH * BLOCK + i));
            assertEquals(ON_DISK, memory.getByte(data + (long) i * BLOCK));
        }
    }
}
