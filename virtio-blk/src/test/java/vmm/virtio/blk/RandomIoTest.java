package vmm.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import vmm.block.BlockDevice;
import vmm.block.BlockQueue;
import vmm.block.FakeDisk;
import vmm.block.NullDisk;
import vmm.event.EventLoop;
import vmm.event.SteppedEventLoop;
import vmm.virtio.Features;
import vmm.virtio.RingFeatures;
import vmm.virtio.driver.MockQueue;

@ParameterizedClass(name = "rings {0}")
@ValueSource(longs = {0, Features.RING_PACKED, Features.RING_PACKED | Features.IN_ORDER})
class RandomIoTest {
    private static final long SEED = 77;
    private static final int SECTORS = 256;
    private static final int QUEUE_SIZE = 32;
    private static final int ROUNDS = 5_000;
    private static final BlkConfig CONFIG =
            BlkConfig.of("drive0", "serial").withQueues(1, QUEUE_SIZE).withRings(RingFeatures.ALL);
    private static final long FEATURES = BlkFeatures.FLUSH | Features.RING_INDIRECT_DESC | Features.RING_EVENT_IDX;

    private final SteppedEventLoop loop = new SteppedEventLoop();
    private final long rings;

    /** Runs on one layout. */
    RandomIoTest(long rings) {
        this.rings = rings;
    }

    @Test
    void whatIsReadIsWhatWasWrittenLastHoweverBuffersAreCut() {
        Random random = new Random(SEED);
        byte[] model = new byte[SECTORS * 512];
        FakeDisk disk = new FakeDisk(model.length);
        try (BlkGuest guest = new BlkGuest(loop, new VirtioBlkDevice(loop, disk, CONFIG)).with(rings)) {
            MockQueue queue = guest.start(FEATURES, QUEUE_SIZE);
            for (int i = 0; i < 10_000; i++) {
                int sectors = random.nextInt(9);
                int sector = random.nextInt(SECTORS - sectors + 1);
                if (random.nextBoolean()) {
                    byte[] data = new byte[sectors * 512];
                    random.nextBytes(data);
                    guest.memory.write(BlkGuest.DATA, data);
                    assertEquals(BlkGuest.S_OK, cut(random, guest, queue, BlkGuest.T_OUT, sector, data.length));
                    assertEquals(1, queue.usedLength());
                    System.arraycopy(data, 0, model, sector * 512, data.length);
                } else {
                    byte[] data = new byte[sectors * 512];
                    assertEquals(BlkGuest.S_OK, cut(random, guest, queue, BlkGuest.T_IN, sector, data.length));
                    assertEquals(data.length + 1, queue.usedLength());
                    guest.memory.read(BlkGuest.DATA, data, 0, data.length);
                    assertArrayEquals(Arrays.copyOfRange(model, sector * 512, sector * 512 + data.length), data);
                }
            }
            assertEquals(-1, disk.content().mismatch(MemorySegment.ofArray(model)));
            assertEquals(QUEUE_SIZE, queue.free());
        }
    }

    /** One request whose data lies at DATA in pieces of random length, the first with the header's last bytes. */
    private static int cut(Random random, BlkGuest guest, MockQueue queue, int type, long sector, int length) {
        guest.putHeader(BlkGuest.HEADER, type, sector);
        guest.memory.putByte(BlkGuest.STATUS, BlkGuest.NO_STATUS);
        int headerCut = 1 + random.nextInt(15);
        queue.readable(BlkGuest.HEADER, headerCut).readable(BlkGuest.HEADER + headerCut, 16 - headerCut);
        int at = 0;
        for (int pieces = 0; at < length; pieces++) {
            int piece = pieces == 10 ? length - at : 1 + random.nextInt(length - at);
            if (type == BlkGuest.T_OUT) {
                queue.readable(BlkGuest.DATA + at, piece);
            } else {
                queue.writable(BlkGuest.DATA + at, piece);
            }
            at += piece;
        }
        queue.writable(BlkGuest.STATUS, 1);
        int head = random.nextBoolean() ? queue.offer() : queue.offerIndirect(0x70000);
        return guest.answer(queue, head);
    }

    @Test
    void requestsOfAHostileDriverReachTheDiskOnlyIfTheyFitIt() {
        Random random = new Random(SEED);
        int broken = 0;
        int served = 0;
        FakeDisk disk = new FakeDisk(SECTORS * 512);
        VirtioBlkDevice device = new VirtioBlkDevice(loop, disk, CONFIG);
        try (BlkGuest guest = new BlkGuest(loop, device).with(rings)) {
            for (int round = 0; round < 1_500; round++) {
                MockQueue queue = guest.start(random.nextLong() & ~Features.RING_PACKED, QUEUE_SIZE);
                for (int i = 0; i < 8; i++) {
                    hostileRequest(random, guest, queue);
                }
                queue.kick();
                queue.ring();
                loop.runUntilIdle();
                while (queue.collect()) {
                    served++;
                }
                broken += guest.driver.broken() == null ? 0 : 1;
                guest.driver.reset();
                guest.rewind();
            }
        }
        for (FakeDisk.Asked asked : disk.asked()) {
            assertTrue(asked.offset() >= 0 && asked.bytes() % 512 == 0);
            assertTrue(asked.offset() + asked.bytes() <= disk.size());
        }
        assertTrue(disk.asked().size() > 500, "asked " + disk.asked().size());
        assertTrue(broken > 100 && broken < 1_450, "broken " + broken);
        assertTrue(served > 1_500, "served " + served);
    }

    private static void hostileRequest(Random random, BlkGuest guest, MockQueue queue) {
        long header = BlkGuest.HEADER + 16L * random.nextInt(4);
        int type = random.nextInt(10) == 0 ? random.nextInt() : random.nextInt(9);
        long sector = random.nextInt(10) == 0 ? random.nextLong() : random.nextInt(SECTORS + 2);
        guest.putHeader(header, type, sector);
        queue.readable(header, random.nextInt(20) == 0 ? random.nextInt(20) : 16);
        boolean writable = type != BlkGuest.T_OUT;
        for (int pieces = random.nextInt(3); pieces > 0; pieces--) {
            long length = random.nextInt(20) == 0 ? random.nextInt(3000) : 512L * random.nextInt(5);
            long at = random.nextInt(100) == 0 ? random.nextLong() : BlkGuest.DATA + random.nextInt(0x8000);
            if (writable) {
                queue.writable(at, length);
            } else {
                queue.readable(at, length);
            }
        }
        if (random.nextInt(100) != 0) {
            queue.writable(BlkGuest.STATUS, 1);
        }
        if (queue.gathered() > queue.free()) {
            queue.forget();
        } else {
            queue.offer();
        }
    }

    @Test
    void requestsOfNoKindAllocateAnything() {
        NullDisk disk = new NullDisk("null", 1 << 20, false);
        BlkConfig config = CONFIG.withSecureErase(true);
        long features = FEATURES | BlkFeatures.DISCARD | BlkFeatures.WRITE_ZEROES | BlkFeatures.SECURE_ERASE;
        try (BlkGuest guest = new BlkGuest(loop, new VirtioBlkDevice(loop, new Unmapping(disk), config)).with(rings)) {
            MockQueue queue = guest.start(features, QUEUE_SIZE);
            for (int type : new int[] {
                BlkGuest.T_IN,
                BlkGuest.T_OUT,
                BlkGuest.T_FLUSH,
                BlkGuest.T_GET_ID,
                BlkGuest.T_DISCARD,
                BlkGuest.T_WRITE_ZEROES,
                BlkGuest.T_SECURE_ERASE
            }) {
                int length = type > BlkGuest.T_FLUSH ? 32 : type == BlkGuest.T_FLUSH ? 0 : 4096;
                // Two ranges of eight sectors, for those that want some.
                guest.memory.putLong(BlkGuest.DATA, 1);
                guest.memory.putLong(BlkGuest.DATA + 8, 8);
                guest.memory.putLong(BlkGuest.DATA + 16, 2);
                guest.memory.putLong(BlkGuest.DATA + 24, 8);
                serve(guest, queue, type, length);
                long allocated = serve(guest, queue, type, length);
                assertEquals(0, allocated / ROUNDS, allocated + " bytes in all for type " + type);
            }
            assertNull(guest.driver.broken());
            assertEquals(0, guest.device.counters().getFirst().errors());
        }
    }

    private static long serve(BlkGuest guest, MockQueue queue, int type, int length) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < ROUNDS; i++) {
            guest.request(queue, type, i & 15, BlkGuest.DATA, length);
        }
        return threads.getCurrentThreadAllocatedBytes() - before;
    }

    /** A disk that says that discards do something. */
    private record Unmapping(NullDisk disk) implements BlockDevice {
        @Override
        public long size() {
            return disk.size();
        }

        @Override
        public boolean readOnly() {
            return false;
        }

        @Override
        public String name() {
            return disk.name();
        }

        @Override
        public int discardGranularity() {
            return 512;
        }

        @Override
        public BlockQueue openQueue(EventLoop opener) {
            return disk.openQueue(opener);
        }

        @Override
        public void close() {
            disk.close();
        }
    }
}
