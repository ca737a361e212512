package vmm.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class GuestMemoryTest {
    private static final long GIB = 1L << 30;

    @Test
    void memoryAboveThreeGibibytesGoesOnAfterTheHole() {
        try (GuestMemory memory = GuestMemory.allocate(5 * GIB)) {
            assertEquals(
                    List.of(new GuestMemory.Region(0, 3 * GIB), new GuestMemory.Region(4 * GIB, 2 * GIB)),
                    memory.regions());
            assertEquals(6 * GIB, memory.end());
            memory.putLong(6 * GIB - 8, 42);
            assertEquals(42, memory.getLong(6 * GIB - 8));
        }
    }

    @Test
    void anAccessThatTouchesTheHoleIsTheGuestsFault() {
        try (GuestMemory memory = GuestMemory.allocate(5 * GIB)) {
            for (long address : new long[] {3 * GIB - 7, 3 * GIB, 4 * GIB - 1, 4 * GIB - 8, 6 * GIB - 7, 6 * GIB, -8}) {
                assertThrows(GuestFaultException.class, () -> memory.getLong(address));
                assertThrows(GuestFaultException.class, () -> memory.hostAddress(address, 8));
            }
            assertTrue(memory.contains(3 * GIB - 8, 8));
            assertTrue(memory.contains(4 * GIB, 2 * GIB));
            assertFalse(memory.contains(0, 6 * GIB), "a range over the hole is not one stretch of memory");
            assertFalse(memory.contains(0, Long.MAX_VALUE));
            assertFalse(memory.contains(Long.MAX_VALUE, Long.MAX_VALUE));
            assertFalse(memory.contains(16, -1));
        }
    }

    @Test
    void numbersAreLittleEndianAndUnsigned() {
        GuestMemory memory = GuestMemory.detached(4096);
        memory.putInt(1, 0x80C0E0F0);
        byte[] bytes = new byte[4];
        memory.read(1, bytes, 0, 4);
        assertArrayEquals(new byte[] {(byte) 0xF0, (byte) 0xE0, (byte) 0xC0, (byte) 0x80}, bytes);
        assertEquals(0xF0, memory.getByte(1));
        assertEquals(0xE0F0, memory.getShort(1));
        memory.putShortRelease(2, 0xFFFE);
        assertEquals(0xFFFE, memory.getShortAcquire(2));
    }

    @Test
    void anOrderedAccessToAnOddAddressIsTheGuestsFault() {
        GuestMemory memory = GuestMemory.detached(4096);
        assertThrows(GuestFaultException.class, () -> memory.getShortAcquire(3));
    }

    @Test
    void theEmptyRangeAtTheEndIsInside() {
        GuestMemory memory = GuestMemory.detached(4096);
        assertTrue(memory.contains(4096, 0));
        assertFalse(memory.contains(4097, 0));
    }
}
