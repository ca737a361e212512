package vmm.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import vmm.block.BlockDevice;
import vmm.block.BlockDevices;
import vmm.block.FakeDisk;
import vmm.event.EventLoop;
import vmm.event.EventLoops;
import vmm.memory.GuestMemory;
import vmm.virtio.Features;
import vmm.virtio.driver.MockDriver;
import vmm.virtio.driver.MockQueue;

/** The device on a loop with its own thread, where the driver and the device truly run at the same time. */
@Timeout(60)
class ThreadedBlkTest {
    private static final int QUEUE_SIZE = 64;
    private static final int DEPTH = 16;
    private static final int BLOCK = 4096;
    private static final BlkConfig CONFIG = BlkConfig.of("drive0", "serial").withQueues(1, QUEUE_SIZE);
    private static final long HEADERS = 0x100000;
    private static final long DATA = 0x200000;

    private final GuestMemory memory = GuestMemory.allocate(8 << 20);

    private void offer(MockQueue queue, int slot, int type, long block) {
        long header = HEADERS + 64L * slot;
        memory.putInt(header, type);
        memory.putLong(header + 8, block * (BLOCK / 512));
        memory.putByte(header + 32, BlkGuest.NO_STATUS);
        queue.readable(header, 16);
        long data = DATA + (long) BLOCK * slot;
        if (type == BlkGuest.T_OUT) {
            queue.readable(data, BLOCK);
        } else {
            queue.writable(data, BLOCK);
        }
        queue.writable(header + 32, 1);
    }

    @Test
    void aFileIsReadAndWrittenWithManyRequestsInFlightAndNoDoorbellIsLost(@TempDir Path directory) throws IOException {
        for (long ring : new long[] {0, Features.RING_EVENT_IDX}) {
            Path file = directory.resolve("disk" + ring);
            int blocks = 128;
            byte[] model = new byte[blocks * BLOCK];
            new Random(1).nextBytes(model);
            Files.write(file, model);
            EventLoop loop = EventLoops.start("blk-test");
            BlockDevice disk = BlockDevices.open(file.toString(), false);
            VirtioBlkDevice device = new VirtioBlkDevice(loop, disk, CONFIG);
            MockDriver driver = new MockDriver(memory, device);
            driver.negotiate(ring | BlkFeatures.FLUSH);
            MockQueue queue = driver.addQueue(0, QUEUE_SIZE);
            driver.activate();
            exercise(queue, model, blocks);
            driver.close();
            disk.close();
            loop.close();
            assertArrayEquals(model, Files.readAllBytes(file));
        }
    }

    /** Keeps DEPTH requests going, each block by at most one of them, and checks what every read brings. */
    private void exercise(MockQueue queue, byte[] model, int blocks) {
        Random random = new Random(2);
        int[] slotOf = new int[QUEUE_SIZE];
        int[] blockOf = new int[DEPTH];
        boolean[] writes = new boolean[DEPTH];
        boolean[] blockBusy = new boolean[blocks];
        byte[] data = new byte[BLOCK];
        int started = 0;
        int ended = 0;
        int total = 5_000;
        for (int slot = 0; slot < DEPTH; slot++) {
            started += begin(random, queue, slot, slotOf, blockOf, writes, blockBusy, model);
        }
        queue.kick();
        while (ended < total) {
            if (!queue.collect()) {
                Thread.onSpinWait();
                continue;
            }
            ended++;
            int slot = slotOf[queue.usedHead()];
            assertEquals(BlkGuest.S_OK, memory.getByte(HEADERS + 64L * slot + 32));
            if (!writes[slot]) {
                memory.read(DATA + (long) BLOCK * slot, data, 0, BLOCK);
                for (int i = 0; i < BLOCK; i++) {
                    if (data[i] != model[blockOf[slot] * BLOCK + i]) {
                        fail("block " + blockOf[slot] + " differs at " + i);
                    }
                }
            }
            blockBusy[blockOf[slot]] = false;
            if (started < total) {
                started += begin(random, queue, slot, slotOf, blockOf, writes, blockBusy, model);
                queue.kick();
            }
        }
    }

    private int begin(
            Random random,
            MockQueue queue,
            int slot,
            int[] slotOf,
            int[] blockOf,
            boolean[] writes,
            boolean[] blockBusy,
            byte[] model) {
        int block = random.nextInt(blockBusy.length);
        while (blockBusy[block]) {
            block = (block + 1) % blockBusy.length;
        }
        blockBusy[block] = true;
        blockOf[slot] = block;
        writes[slot] = random.nextBoolean();
        if (writes[slot]) {
            byte[] data = new byte[BLOCK];
            random.nextBytes(data);
            memory.write(DATA + (long) BLOCK * slot, data);
            System.arraycopy(data, 0, model, block * BLOCK, BLOCK);
        }
        offer(queue, slot, writes[slot] ? BlkGuest.T_OUT : BlkGuest.T_IN, block);
        slotOf[queue.offer()] = slot;
        return 1;
    }

    @Test
    void aResetWaitsForRequestsInFlightAndTouchesNoMemoryAfterwards() throws InterruptedException {
        EventLoop loop = EventLoops.start("blk-test");
        FakeDisk disk = new FakeDisk(1 << 20);
        disk.hold();
        VirtioBlkDevice device = new VirtioBlkDevice(loop, disk, CONFIG);
        MockDriver driver = new MockDriver(memory, device);
        driver.negotiate(0);
        MockQueue queue = driver.addQueue(0, QUEUE_SIZE);
        driver.activate();
        offer(queue, 0, BlkGuest.T_IN, 0);
        queue.offer();
        queue.kick();
        while (loop.call(disk::held) == 0) {
            Thread.onSpinWait();
        }
        Thread vcpu = new Thread(device::reset);
        vcpu.start();
        vcpu.join(50);
        assertTrue(vcpu.isAlive());
        loop.post(disk::release);
        vcpu.join();
        assertEquals(BlkGuest.S_OK, memory.getByte(HEADERS + 32));
        assertFalse(queue.collect());
        assertEquals(0, queue.interrupts());
        driver.close();
        loop.close();
    }
}
