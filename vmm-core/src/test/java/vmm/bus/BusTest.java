package vmm.bus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class BusTest {
    /** Answers with its offset and remembers the last write. */
    private static final class Echo implements BusDevice {
        private long lastOffset = -1;
        private long lastValue;

        @Override
        public long read(long offset, int size) {
            return 0xFFFF_FF00L | offset;
        }

        @Override
        public void write(long offset, int size, long value) {
            lastOffset = offset;
            lastValue = value;
        }
    }

    private final Bus bus = new Bus();
    private final Echo low = new Echo();
    private final Echo high = new Echo();

    @Test
    void anAccessReachesTheDeviceWithItsOffset() {
        bus.add(0x10, 8, "low", low);
        bus.add(0x18, 8, "high", high);
        assertEquals(0x07, bus.read(0x17, 1));
        assertEquals(0xFF00, bus.read(0x18, 2));
        bus.write(0x1F, 4, 99);
        assertEquals(7, high.lastOffset);
        assertEquals(99, high.lastValue);
        assertEquals(-1, low.lastOffset);
    }

    @Test
    void anAddressWithoutADeviceReadsAllOnes() {
        bus.add(0x10, 8, "low", low);
        assertEquals(0xFF, bus.read(0x0F, 1));
        assertEquals(0xFFFF_FFFFL, bus.read(0x18, 4));
        assertEquals(-1L, bus.read(0x1000, 8));
        bus.write(0x18, 4, 1);
        assertEquals(-1, low.lastOffset);
    }

    @Test
    void rangesThatOverlapAreRefused() {
        bus.add(0x10, 8, "low", low);
        assertThrows(IllegalStateException.class, () -> bus.add(0x17, 1, "high", high));
        assertThrows(IllegalStateException.class, () -> bus.add(0x00, 0x11, "high", high));
        assertTrue(bus.overlaps(0x17, 1));
    }

    @Test
    void aRemovedRangeAnswersNoMore() {
        Bus.Range range = new Bus.Range(0x10, 8, "low", low);
        bus.add(range);
        bus.remove(range);
        assertEquals(0xFF, bus.read(0x10, 1));
        bus.add(range);
        assertEquals(0, bus.read(0x10, 1));
    }
}
