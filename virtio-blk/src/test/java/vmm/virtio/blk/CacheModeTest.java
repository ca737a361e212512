package vmm.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import vmm.block.BlockRequest.Operation;
import vmm.block.FakeDisk;
import vmm.event.SteppedEventLoop;
import vmm.virtio.Features;
import vmm.virtio.driver.MockQueue;

/** When a write is stable (virtio 1.3 5.2.5.2 and 5.2.6.2). */
class CacheModeTest {
    private static final int WRITEBACK = 32;
    private static final long BOTH = BlkFeatures.FLUSH | BlkFeatures.CONFIG_WCE;

    private final SteppedEventLoop loop = new SteppedEventLoop();
    private final FakeDisk disk = new FakeDisk(1 << 20);

    /** Set by {@link #guest}. */
    private BlkGuest guest = guest(true);

    @AfterEach
    void close() {
        guest.close();
    }

    private BlkGuest guest(boolean writeCache) {
        BlkConfig config = BlkConfig.of("drive0", "").withWriteCache(writeCache);
        guest = new BlkGuest(loop, new VirtioBlkDevice(loop, disk, config));
        return guest;
    }

    private boolean writesAreStable(MockQueue queue) {
        assertEquals(BlkGuest.S_OK, guest.request(queue, BlkGuest.T_OUT, 1, BlkGuest.DATA, 512));
        FakeDisk.Asked write = disk.asked().getLast();
        assertEquals(new FakeDisk.Asked(Operation.WRITE, 512, 512, write.stable(), false), write);
        assertEquals(BlkGuest.S_OK, guest.ranges(queue, BlkGuest.T_WRITE_ZEROES, new BlkGuest.Range(8, 8)));
        assertEquals(write.stable(), disk.asked().getLast().stable());
        return write.stable();
    }

    private long writeback() {
        return guest.device.readConfig(WRITEBACK, 1);
    }

    @Test
    void aDriverThatCanFlushGetsAVolatileCache() {
        MockQueue queue = guest.start(BlkFeatures.FLUSH | BlkFeatures.WRITE_ZEROES, 16);
        assertEquals(1, writeback());
        assertEquals(false, writesAreStable(queue));
    }

    @Test
    void aDriverThatCannotFlushGetsStableWrites() {
        MockQueue queue = guest.start(BlkFeatures.WRITE_ZEROES, 16);
        assertEquals(0, writeback());
        assertEquals(true, writesAreStable(queue));
        guest.driver.reset();
        assertEquals(1, writeback());
    }

    @Test
    void aDriverChoosesAndTheChoiceTakesEffectAtOnce() {
        MockQueue queue = guest.start(BOTH | BlkFeatures.WRITE_ZEROES, 16);
        assertEquals(false, writesAreStable(queue));
        guest.device.writeConfig(WRITEBACK, 1, 0);
        assertEquals(0, writeback());
        assertEquals(true, writesAreStable(queue));
        guest.device.writeConfig(WRITEBACK, 1, 1);
        assertEquals(false, writesAreStable(queue));
        guest.device.writeConfig(WRITEBACK, 1, 0);
        guest.driver.reset();
        assertEquals(1, writeback());
    }

    @Test
    void aDriverThatDidNotAskForTheChoiceHasNone() {
        MockQueue queue = guest.start(BlkFeatures.WRITE_ZEROES, 16);
        guest.device.writeConfig(WRITEBACK, 1, 1);
        assertEquals(0, writeback());
        assertEquals(true, writesAreStable(queue));
    }

    @Test
    void aDriverThatMayChooseButCannotFlushStartsWithStableWrites() {
        MockQueue queue = guest.start(BlkFeatures.CONFIG_WCE | BlkFeatures.WRITE_ZEROES, 16);
        assertEquals(0, writeback());
        assertEquals(true, writesAreStable(queue));
    }

    @Test
    void theModeAfterAResetIsTheUsers() {
        guest(false);
        assertEquals(0, writeback());
        MockQueue queue = guest.start(BOTH | BlkFeatures.WRITE_ZEROES, 16);
        assertEquals(0, writeback());
        assertEquals(true, writesAreStable(queue));
        guest.device.writeConfig(WRITEBACK, 1, 1);
        assertEquals(false, writesAreStable(queue));
        guest.driver.reset();
        guest.rewind();
        // A driver without a choice expects a volatile cache, and loses nothing by a better one.
        queue = guest.start(BlkFeatures.FLUSH | BlkFeatures.WRITE_ZEROES, 16);
        assertEquals(true, writesAreStable(queue));
    }

    @Test
    void aDiscardNeverNeedsToBeStable() {
        MockQueue queue = guest.start(BlkFeatures.DISCARD, 16);
        assertEquals(BlkGuest.S_OK, guest.ranges(queue, BlkGuest.T_DISCARD, new BlkGuest.Range(8, 8)));
        assertEquals(List.of(new FakeDisk.Asked(Operation.DISCARD, 4096, 4096)), disk.asked());
        assertEquals(Features.VERSION_1, guest.driver.features() & Features.VERSION_1);
    }
}
