package vmm.virtio.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import vmm.block.FakeDisk;
import vmm.event.EventLoop;
import vmm.event.EventLoops;
import vmm.memory.GuestMemory;
import vmm.scsi.DiskIdentity;
import vmm.scsi.ScsiBus;
import vmm.scsi.block.DiskGeometry;
import vmm.scsi.block.ScsiDisk;
import vmm.scsi.primary.PrimaryUnits;
import vmm.virtio.driver.MockDriver;
import vmm.virtio.driver.MockQueue;

class ResetInFlightTest {
    private static final long HEADER = 0x80000;
    private static final long RESPONSE = 0x81000;
    private static final long DATA = 0x82000;

    @Test
    void aResetReturnsAfterTheLastRequestHasEnded() throws InterruptedException {
        FakeDisk medium = new FakeDisk(1 << 20);
        medium.content().fill((byte) 5);
        GuestMemory memory = GuestMemory.detached(1 << 20);
        ScsiBus bus = new ScsiBus(PrimaryUnits.SHARED);
        bus.attach(0, 0, new ScsiDisk(medium, DiskIdentity.DEFAULT, DiskGeometry.DEFAULT, true));
        try (EventLoop loop = EventLoops.start("scsi0")) {
            VirtioScsiDevice device = new VirtioScsiDevice(loop, bus, HbaConfig.of("scsi0", 1));
            MockDriver driver = new MockDriver(memory, device);
            MockQueue queue = driver.addQueue(2, 16);
            driver.activate();
            // The first one hears of the power on, the second one waits for the disk.
            request(memory, queue, "03 00 00 00 00 00", 0);
            await(() -> queue.used() == 1);
            loop.call(() -> {
                medium.hold();
                return true;
            });
            request(memory, queue, "28 00 00 00 00 00 00 00 01 00", 512);
            await(() -> loop.call(medium::held) == 1);

            Thread reset = Thread.ofPlatform().start(driver::reset);
            reset.join(50);
            assertTrue(reset.isAlive());
            loop.post(medium::release);
            reset.join(TimeUnit.SECONDS.toMillis(10));

            assertFalse(reset.isAlive());
            assertEquals(5, memory.getByte(DATA));
            assertEquals(1, queue.used());
        }
    }

    private static void request(GuestMemory memory, MockQueue queue, String cdb, int room) {
        memory.write(HEADER, Driver.header(Driver.lun(0, 0), 1, 0, cdb));
        queue.readable(HEADER, Driver.HEADER).writable(RESPONSE, Driver.FIXED);
        if (room != 0) {
            queue.writable(DATA, room);
        }
        queue.offer();
        queue.kick();
        queue.ring();
    }

    /** Something that comes true within seconds, unless it is broken. */
    private interface Condition {
        boolean holds();
    }

    private static void await(Condition condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!condition.holds()) {
            assertTrue(System.nanoTime() < deadline, "It takes too long.");
            Thread.sleep(1);
        }
    }
}
