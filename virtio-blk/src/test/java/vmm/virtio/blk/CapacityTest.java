package vmm.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import vmm.block.FakeDisk;
import vmm.event.SteppedEventLoop;
import vmm.virtio.driver.MockQueue;

/** Disks that change their size while a driver uses them (virtio 1.3 5.2.6.2). */
class CapacityTest {
    private final SteppedEventLoop loop = new SteppedEventLoop();
    private final FakeDisk disk = new FakeDisk(64 << 10);
    private final VirtioBlkDevice device = new VirtioBlkDevice(loop, disk, BlkConfig.of("drive0", ""));
    private final BlkGuest guest = new BlkGuest(loop, device);

    @AfterEach
    void close() {
        guest.close();
    }

    private void resize(long bytes) {
        disk.resize(bytes);
        device.capacityChanged();
    }

    @Test
    void aDiskThatGrewSaysSoAndItsNewPartCanBeUsed() {
        MockQueue queue = guest.start(BlkFeatures.FLUSH, 16);
        assertEquals(BlkGuest.S_IOERR, guest.request(queue, BlkGuest.T_OUT, 128, BlkGuest.DATA, 512));
        resize(2 << 20);
        assertEquals(1, guest.driver.configChanges());
        assertEquals(4096, device.readConfig(0, 8));
        assertEquals(4, device.readConfig(16, 2));
        assertEquals(BlkGuest.S_OK, guest.request(queue, BlkGuest.T_OUT, 128, BlkGuest.DATA, 512));
        assertEquals(BlkGuest.S_IOERR, guest.request(queue, BlkGuest.T_OUT, 4096, BlkGuest.DATA, 512));
    }

    @Test
    void whatLiesBeyondTheEndOfADiskThatShrankIsAnError() {
        MockQueue queue = guest.start(BlkFeatures.FLUSH, 16);
        resize(8192);
        assertEquals(16, device.readConfig(0, 8));
        assertEquals(BlkGuest.S_OK, guest.request(queue, BlkGuest.T_IN, 15, BlkGuest.DATA, 512));
        assertEquals(BlkGuest.S_IOERR, guest.request(queue, BlkGuest.T_IN, 15, BlkGuest.DATA, 1024));
        assertEquals(BlkGuest.S_IOERR, guest.request(queue, BlkGuest.T_OUT, 16, BlkGuest.DATA, 512));
    }

    @Test
    void aRequestUnderWayWhenItsDiskShrinksIsAnError() {
        MockQueue queue = guest.start(BlkFeatures.FLUSH, 16);
        disk.hold();
        guest.putHeader(BlkGuest.HEADER, BlkGuest.T_IN, 100);
        int head = queue.readable(BlkGuest.HEADER, 16)
                .writable(BlkGuest.DATA, 512)
                .writable(BlkGuest.STATUS, 1)
                .offer();
        queue.kick();
        loop.runUntilIdle();
        resize(8192);
        loop.post(disk::release);
        assertEquals(BlkGuest.S_IOERR, guest.answer(queue, head));
        assertEquals(0, queue.usedLength());
    }

    @Test
    void aDriverThatIsNotThereYetIsNotTold() {
        resize(8192);
        assertEquals(0, guest.driver.configChanges());
        assertEquals(16, device.readConfig(0, 8));
        guest.start(BlkFeatures.FLUSH, 16);
        resize(4096);
        guest.driver.reset();
        resize(512);
        assertEquals(1, guest.driver.configChanges());
        assertEquals(1, device.readConfig(0, 8));
    }
}
