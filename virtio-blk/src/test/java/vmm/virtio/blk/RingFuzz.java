package vmm.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import vmm.block.FakeDisk;
import vmm.event.SteppedEventLoop;
import vmm.fuzz.SeededInputs;
import vmm.linux.Errno;
import vmm.memory.GuestMemory;
import vmm.virtio.Features;
import vmm.virtio.RingFeatures;
import vmm.virtio.driver.MockDriver;
import vmm.virtio.driver.MockPackedQueue;
import vmm.virtio.driver.MockQueue;
import vmm.virtio.driver.MockSplitQueue;

/** A driver that does anything to its rings, at any moment in the life of its requests. */
class RingFuzz {
    private static final int RAM = 1 << 16;
    private static final int DISK = 32 * 1024;
    private static final int MOST_ACTIONS = 400;

    /** A guest can have a device go on for ever by requests that make new ones, so nobody waits for its rest. */
    private static final int MOST_STEPS = 50;

    @FuzzTest
    void aSplitRingHarmsOnlyItsDevice(FuzzedDataProvider data) {
        new Life(data, 0).run();
    }

    @FuzzTest
    void aPackedRingHarmsOnlyItsDevice(FuzzedDataProvider data) {
        new Life(data, Features.RING_PACKED).run();
    }

    @Test
    void seededInputs() {
        SeededInputs.run(RingFuzz.class, 1500, this::aSplitRingHarmsOnlyItsDevice);
        SeededInputs.run(RingFuzz.class, 1500, this::aPackedRingHarmsOnlyItsDevice);
    }

    private static final class Life {
        private final FuzzedDataProvider data;
        private final long layout;
        private final GuestMemory memory = GuestMemory.detached(RAM);
        private final SteppedEventLoop loop = new SteppedEventLoop();
        private final FakeDisk disk = new FakeDisk(DISK);
        private final VirtioBlkDevice device = new VirtioBlkDevice(
                loop, disk, BlkConfig.of("drive0", "").withQueues(2, 32).withRings(RingFeatures.ALL));
        private final MockQueue[] queues = new MockQueue[2];
        private MockDriver driver = new MockDriver(memory, device);

        Life(FuzzedDataProvider data, long layout) {
            this.data = data;
            this.layout = layout;
        }

        void run() {
            start();
            for (int i = 0; i < MOST_ACTIONS && data.remainingBytes() > 0; i++) {
                act();
            }
            stop();
            loop.close();
            for (FakeDisk.Asked asked : disk.asked()) {
                assertTrue(asked.offset() >= 0 && asked.bytes() >= 0 && asked.offset() + asked.bytes() <= DISK);
            }
        }

        private void start() {
            driver = new MockDriver(memory, device);
            driver.negotiate((data.consumeLong() & ~Features.RING_PACKED) | layout);
            for (int i = 0; i < queues.length; i++) {
                int size = layout == 0 ? 1 << data.consumeInt(0, 5) : data.consumeInt(1, 32);
                queues[i] = driver.addQueue(i, size);
            }
            driver.activate();
        }

        /** Whatever the driver did, a reset returns, and nobody touches its memory from then on. */
        private void stop() {
            disk.release();
            driver.reset();
            byte[] before = new byte[RAM];
            memory.read(0, before, 0, RAM);
            step();
            assertEquals(-1, memory.slice(0, RAM).mismatch(MemorySegment.ofArray(before)));
        }

        private void step() {
            for (int i = 0; i < MOST_STEPS && loop.step(); i++) {
                // Another one.
            }
        }

        private void act() {
            int index = data.consumeInt(0, queues.length - 1);
            MockQueue queue = queues[index];
            switch (data.consumeInt(0, 15)) {
                case 0, 1, 2 -> request(queue);
                case 3 -> putDescriptor(queue);
                case 4 -> show(queue);
                case 5 -> memory.putLong(data.consumeInt(0, RAM - 8), data.consumeLong());
                case 6 -> memory.putShort(data.consumeInt(0, RAM - 2), data.consumeShort());
                case 7 -> queue.kick();
                case 8 -> queue.ring();
                case 9 -> step();
                case 10 -> loop.poll();
                case 11 -> collect(queue);
                case 12 -> disk.hold();
                case 13 -> loop.post(data.consumeBoolean() ? disk::releaseOne : disk::releaseLast);
                case 14 -> disk.failAt(data.consumeInt(0, DISK), data.consumeInt(1, 4096), Errno.EIO);
                default -> restart(index);
            }
        }

        /** Mostly one that a driver might make. */
        private void request(MockQueue queue) {
            long header = 0x8000 + 16L * data.consumeInt(0, 15);
            memory.putInt(header, data.consumeInt(0, 14));
            memory.putLong(header + 8, data.consumeInt(0, DISK / 512));
            queue.readable(header, 16);
            boolean out = data.consumeBoolean();
            for (int i = data.consumeInt(0, 3); i > 0 && queue.gathered() + 1 < queue.size(); i--) {
                long length = 512L * data.consumeInt(0, 4) + (data.consumeInt(0, 15) == 0 ? 1 : 0);
                long address = data.consumeInt(0, RAM - 1);
                if (out) {
                    queue.readable(address, length);
                } else {
                    queue.writable(address, length);
                }
            }
            if (queue.gathered() < queue.size()) {
                queue.writable(0xff00 + data.consumeInt(0, 255), 1);
            }
            if (queue.free() > 0 && data.consumeInt(0, 3) == 0) {
                queue.offerIndirect(0xe000 + 64L * data.consumeInt(0, 60));
            } else if (queue.gathered() <= queue.free()) {
                queue.offer();
            } else {
                queue.forget();
            }
        }

        private void putDescriptor(MockQueue queue) {
            int i = data.consumeInt(0, queue.size() - 1);
            long address = data.consumeBoolean() ? data.consumeInt(0, RAM) : data.consumeLong();
            long length = data.consumeInt(0, 5000);
            int flags = data.consumeShort();
            switch (queue) {
                case MockSplitQueue split -> split.putDescriptor(i, address, length, flags, data.consumeByte());
                case MockPackedQueue packed -> packed.putDescriptor(i, address, length, data.consumeByte(), flags);
            }
        }

        private void show(MockQueue queue) {
            switch (queue) {
                case MockSplitQueue split -> {
                    split.putAvailable(data.consumeByte() & 0xff, data.consumeByte());
                    split.putAvailIdx(split.availIdx() + data.consumeInt(0, 8));
                    split.putUsedEvent(data.consumeShort());
                }
                case MockPackedQueue packed -> packed.putDriverEvent(data.consumeInt());
            }
        }

        private static void collect(MockQueue queue) {
            try {
                queue.collect();
            } catch (IllegalStateException overwritten) {
                // What the device wrote has been written over by the driver itself, or by its requests.
            }
        }

        private void restart(int index) {
            loop.post(disk::release);
            step();
            if (data.consumeBoolean() || (driver.features() & Features.RING_RESET) == 0) {
                stop();
                start();
            } else {
                device.resetQueue(index);
                queues[index].close();
                queues[index] = driver.addQueue(index, layout == 0 ? 8 : 7);
                device.enableQueue(queues[index].setup());
            }
        }
    }
}
