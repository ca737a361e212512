package vmm.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import vmm.block.BlockRequest.Operation;
import vmm.block.FakeDisk;
import vmm.event.SteppedEventLoop;
import vmm.fuzz.SeededInputs;
import vmm.linux.Errno;
import vmm.memory.GuestMemory;
import vmm.virtio.Features;
import vmm.virtio.RingFeatures;
import vmm.virtio.driver.MockDriver;
import vmm.virtio.driver.MockQueue;

/** Requests of any content, cut into buffers in any way, by a driver that keeps its rings in order. */
class RequestFuzz {
    private static final int RAM = 1 << 16;

    /** Above the rings and the tables. */
    private static final int BUFFERS = 0x4000;

    private static final int TABLES = 0x3000;
    private static final int DISK = 64 * 1024;
    private static final int QUEUE_SIZE = 16;
    private static final int HEADER = 16;
    private static final int RANGE = 16;
    private static final int MOST_REQUESTS = 30;
    private static final int MOST_BUFFERS = 6;
    private static final int LONGEST = 3000;
    private static final int[] TYPES = {
        BlkGuest.T_IN,
        BlkGuest.T_OUT,
        BlkGuest.T_FLUSH,
        BlkGuest.T_GET_ID,
        BlkGuest.T_DISCARD,
        BlkGuest.T_WRITE_ZEROES,
        BlkGuest.T_SECURE_ERASE
    };

    @FuzzTest
    void aRequestTouchesWhatItNamesAndNothingElse(FuzzedDataProvider data) {
        try (Rig rig = new Rig(data)) {
            for (int i = 0; i < MOST_REQUESTS && data.remainingBytes() > 0; i++) {
                rig.request();
            }
            rig.checkDisk();
        }
    }

    @Test
    void seededInputs() {
        SeededInputs.run(RequestFuzz.class, 500, this::aRequestTouchesWhatItNamesAndNothingElse);
    }

    private static final class Rig implements AutoCloseable {
        private final FuzzedDataProvider data;
        private final GuestMemory memory = GuestMemory.detached(RAM);
        private final SteppedEventLoop loop = new SteppedEventLoop();
        private final FakeDisk disk;
        private final VirtioBlkDevice device;
        private final long features;
        private final BitSet mayChange = new BitSet(RAM);
        private MockDriver driver;
        private MockQueue queue;
        private int lastWritable;
        private long writable;

        Rig(FuzzedDataProvider data) {
            this.data = data;
            int block = data.consumeBoolean() ? 512 : 4096;
            disk = new FakeDisk(DISK, data.consumeBoolean());
            device = new VirtioBlkDevice(
                    loop,
                    disk,
                    BlkConfig.of("drive0", "SERIAL")
                            .withLayout(BlkLayout.of(block, block))
                            .withWriteCache(data.consumeBoolean())
                            .withSecureErase(data.consumeBoolean())
                            .withQueues(1, QUEUE_SIZE)
                            .withRings(RingFeatures.ALL));
            features = data.consumeLong() | Features.RING_INDIRECT_DESC;
            driver = new MockDriver(memory, device);
            queue = start();
        }

        private MockQueue start() {
            driver.negotiate(features);
            MockQueue added = driver.addQueue(0, QUEUE_SIZE);
            driver.activate();
            loop.runUntilIdle();
            return added;
        }

        void request() {
            mayChange.clear();
            lastWritable = -1;
            writable = 0;
            if (data.consumeInt(0, 7) == 0) {
                disk.failAt(data.consumeInt(0, DISK), data.consumeInt(1, 1024), Errno.EIO);
            }
            gather();
            byte[] before = bytes();
            int head = queue.gathered() > queue.free() || data.consumeBoolean()
                    ? queue.offerIndirect(TABLES)
                    : queue.offer();
            queue.kick();
            loop.runUntilIdle();
            byte[] after = bytes();
            for (int i = BUFFERS; i < RAM; i++) {
                assertTrue(before[i] == after[i] || mayChange.get(i), "memory has changed that was not to be written");
            }
            if (driver.broken() != null) {
                driver.close();
                driver = new MockDriver(memory, device);
                queue = start();
                return;
            }
            assertTrue(queue.collect());
            assertEquals(head, queue.usedHead());
            assertFalse(queue.collect());
            assertTrue(queue.usedLength() <= writable);
            int status = after[lastWritable];
            assertTrue(status >= BlkGuest.S_OK && status <= BlkGuest.S_UNSUPP, "status " + status);
        }

        private byte[] bytes() {
            byte[] bytes = new byte[RAM];
            memory.read(0, bytes, 0, RAM);
            return bytes;
        }

        private void gather() {
            int type = data.consumeInt(0, 7) == 0 ? data.consumeInt() : data.pickValue(TYPES);
            long header = address(HEADER);
            memory.putInt(header, type);
            memory.putInt(header + 4, data.consumeByte());
            memory.putLong(header + 8, data.consumeBoolean() ? data.consumeInt(0, DISK / 512) : data.consumeLong());
            int cut = data.consumeInt(0, 2 * HEADER);
            if (cut > 0 && cut < HEADER) {
                queue.readable(header, cut).readable(header + cut, HEADER - cut);
            } else {
                queue.readable(header, data.consumeInt(0, 15) == 0 ? cut : HEADER);
            }
            for (int i = data.consumeInt(0, MOST_BUFFERS); i > 0; i--) {
                int length = length();
                long at = address(Math.max(length, RANGE));
                if (data.consumeBoolean()) {
                    memory.putLong(at, data.consumeInt(0, DISK / 512));
                    memory.putInt(at + 8, data.consumeInt(0, 20));
                    memory.putInt(at + 12, data.consumeInt(0, 3));
                }
                queue.readable(at, length);
            }
            for (int i = data.consumeInt(0, MOST_BUFFERS); i > 0; i--) {
                addWritable(length());
            }
            if (lastWritable < 0 || data.consumeBoolean()) {
                addWritable(1);
            }
        }

        private void addWritable(int length) {
            long at = address(length);
            queue.writable(at, length);
            mayChange.set((int) at, (int) at + length);
            writable += length;
            if (length > 0) {
                lastWritable = (int) at + length - 1;
            }
        }

        private int length() {
            return data.consumeBoolean() ? 512 * data.consumeInt(0, 5) : data.consumeInt(0, LONGEST);
        }

        private long address(int length) {
            return data.consumeInt(BUFFERS, RAM - length);
        }

        void checkDisk() {
            List<FakeDisk.Asked> all = disk.asked();
            for (FakeDisk.Asked asked : all) {
                assertTrue(asked.offset() >= 0 && asked.bytes() >= 0 && asked.offset() + asked.bytes() <= DISK);
                if (disk.readOnly()) {
                    assertTrue(asked.operation() == Operation.READ || asked.operation() == Operation.FLUSH);
                }
            }
        }

        @Override
        public void close() {
            driver.close();
            loop.close();
        }
    }
}
