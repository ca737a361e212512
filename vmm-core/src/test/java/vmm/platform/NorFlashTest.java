package vmm.platform;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import vmm.bus.Bus;
import vmm.memory.MemorySlots;

/** The flash as the guest reaches it: memory while there is some, the bus otherwise. */
class NorFlashTest {
    private static final long ADDRESS = 0xffc0_0000L;
    private static final int SIZE = 4 * NorFlash.BLOCK;

    private final FakeCells cells = new FakeCells();
    private final FakeSlots slots = new FakeSlots();
    private final Bus mmio = new Bus();
    private final NorFlash flash = new NorFlash(slots, ADDRESS, cells);

    NorFlashTest() {
        flash.attach(mmio);
    }

    private static final class FakeCells implements NorFlash.Cells {
        private final MemorySegment memory = Arena.ofAuto().allocate(SIZE, NorFlash.BLOCK);
        private boolean broken;

        @Override
        public MemorySegment bytes() {
            return memory;
        }

        @Override
        public boolean put(int offset, byte[] values, int length) {
            if (!broken) {
                MemorySegment.copy(values, 0, memory, JAVA_BYTE, offset, length);
            }
            return !broken;
        }
    }

    /** One stretch of memory at most, which is what the guest reads where it is. */
    private static final class FakeSlots implements MemorySlots {
        private @Nullable MemorySegment shown;

        @Override
        public Slot map(long address, MemorySegment host, Access access) {
            assertEquals(ADDRESS, address);
            assertEquals(Access.READ_ONLY, access);
            assertNull(shown);
            shown = host;
            return () -> {
                assertSame(host, shown);
                shown = null;
            };
        }
    }

    private void write(int offset, int... values) {
        for (int value : values) {
            mmio.write(ADDRESS + offset, 1, value);
        }
    }

    private int read(int offset) {
        return slots.shown == null ? (int) mmio.read(ADDRESS + offset, 1) : slots.shown.get(JAVA_BYTE, offset) & 0xff;
    }

    @Test
    void atFirstTheGuestReadsMemory() {
        cells.memory.set(JAVA_BYTE, 5, (byte) 7);
        assertSame(cells.memory, slots.shown);
        assertEquals(7, read(5));
        assertEquals(7, mmio.read(ADDRESS + 5, 1), "as a processor does that came too late to find the memory");
    }

    @Test
    void firmwareFindsOutThatItIsFlash() {
        cells.memory.set(JAVA_BYTE, 16, (byte) 0x8d);
        write(16, 0x50);
        assertEquals(0x8d, read(16));
        write(16, 0x70);
        assertEquals(0, read(16));
        write(16, 0xff);
        assertEquals(0x8d, read(16));
    }

    @Test
    void programmingAByteClearsBits() {
        write(9, 0x20, 0xd0, 0x10, 0xf0, 0x40, 0x3c);
        assertEquals(0x80, read(9), "ready");
        write(9, 0xff);
        assertEquals(0x30, read(9));
        assertEquals(0xff, read(8));
    }

    @Test
    void erasingSetsTheBitsOfOneBlock() {
        write(2 * NorFlash.BLOCK - 1, 0x20, 0xd0);
        assertEquals(0x80, read(0));
        write(0, 0xff);
        assertEquals(0, read(NorFlash.BLOCK - 1));
        assertEquals(0xff, read(NorFlash.BLOCK));
        assertEquals(0xff, read(2 * NorFlash.BLOCK - 1));
        assertEquals(0, read(2 * NorFlash.BLOCK));
    }

    @Test
    void anErasureThatIsNotConfirmedIsAnErrorUntilTheStatusIsCleared() {
        write(0, 0x20, 0xff);
        assertEquals(0xb0, read(0));
        write(0, 0x50);
        assertEquals(0, read(0));
        write(0, 0xff);
        assertEquals(0, read(0));
    }

    @Test
    void whatCannotBeKeptIsAnErrorAndChangesNothing() {
        cells.broken = true;
        write(0, 0x20, 0xd0);
        assertEquals(0xa0, read(0));
        write(0, 0x50, 0x10, 0x55);
        assertEquals(0x90, read(0));
        write(0, 0xff);
        assertEquals(0, read(0));
    }

    @Test
    void aWideAccessIsSeveralNarrowOnes() {
        mmio.write(ADDRESS, 2, 0xd020);
        write(0, 0xff);
        assertEquals(0xff, read(0));
        mmio.write(ADDRESS + 4, 4, 0x70_70_12_10L);
        assertEquals(0x8080_8080L, mmio.read(ADDRESS + SIZE - 8, 4));
        write(0, 0xff);
        assertEquals(0xff, read(4));
        assertEquals(0x12, read(5));
        mmio.write(ADDRESS + SIZE - 1, 8, 0x7070_7070_7070_70ffL);
        assertEquals(0xffff_ff00L, mmio.read(ADDRESS + SIZE - 1, 4), "nothing is behind its end");
    }

    @Test
    void aResetShowsTheCellsAndForgetsTheCommand() {
        write(0, 0x20, 0xff, 0x20);
        assertNull(slots.shown);
        flash.reset();
        assertEquals(0, read(0));
        write(0, 0xd0);
        assertEquals(0, read(0));
        write(0, 0x70);
        assertEquals(0x80, read(0));
    }

    /** What the data sheet says, in a few lines: the same guest must see the same of both. */
    private static final class Model {
        private final byte[] cells = new byte[SIZE];
        private int pending;
        private boolean array = true;
        private int status = 0x80;

        void write(int offset, int value) {
            int command = pending;
            pending = 0;
            if (command == 0x10) {
                cells[offset] &= (byte) value;
                status |= 0x80;
            } else if (command == 0x20) {
                if (value == 0xd0) {
                    int block = offset / NorFlash.BLOCK * NorFlash.BLOCK;
                    Arrays.fill(cells, block, block + NorFlash.BLOCK, (byte) 0xff);
                }
                status |= value == 0xd0 ? 0x80 : 0xb0;
            } else if (value == 0x10 || value == 0x40 || value == 0x20) {
                pending = value == 0x20 ? 0x20 : 0x10;
                array = false;
            } else if (value == 0x50) {
                status = 0;
            } else if (value == 0x70 || value == 0xff) {
                array = value == 0xff;
            }
        }

        int read(int offset) {
            return array ? cells[offset] & 0xff : status;
        }
    }

    @Test
    void anyGuestSeesWhatTheModelSays() {
        Random random = new Random(5);
        int[] commands = {0x10, 0x40, 0x20, 0xd0, 0x50, 0x70, 0xff, 0x00, 0x90, 0x98, 0xe8, 0x60};
        Model model = new Model();
        int programmed = 0;
        for (int step = 0; step < 200_000; step++) {
            int offset = random.nextInt(SIZE);
            int value = random.nextInt(3) == 0 ? random.nextInt(256) : commands[random.nextInt(commands.length)];
            programmed += model.pending == 0x10 ? 1 : 0;
            model.write(offset, value);
            write(offset, value);
            assertEquals(model.read(offset), read(offset), () -> "after " + Integer.toHexString(value));
            assertEquals(model.array, slots.shown != null);
        }
        assertArrayEquals(model.cells, cells.memory.toArray(JAVA_BYTE));
        assertTrue(programmed > 10_000);
    }
}
