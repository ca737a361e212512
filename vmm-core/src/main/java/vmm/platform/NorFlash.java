package vmm.platform;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import vmm.bus.Bus;
import vmm.memory.MemorySlots;

/**
 * Parallel NOR flash with the Intel/Sharp command set, on the eight-bit X-Bus where a PIIX board has its firmware.
 *
 * <p>As long as reads find the cells, the guest reads memory and only its writes come here; what a command leaves
 * behind (the status register) is read here, too. The machine begins in the former state. Programming a byte can only
 * clear bits, and erasing a block sets all of its bits.
 *
 * <p>A command is done when its last write returns, so the status register never says busy. Clearing it clears all of
 * it, as in QEMU, which is how OVMF tells flash from ROM; a part of silicon would keep the bit that says ready.
 *
 * <p>Any thread may call.
 */
public final class NorFlash implements BytePorts {
    /** What is erased at a time, in bytes. */
    public static final int BLOCK = 4096;

    private static final int PROGRAM = 0x40;
    private static final int PROGRAM_ALTERNATE = 0x10;
    private static final int ERASE = 0x20;
    private static final int CONFIRM = 0xd0;
    private static final int CLEAR_STATUS = 0x50;
    private static final int READ_STATUS = 0x70;
    private static final int READ_ARRAY = 0xff;

    private static final int READY = 0x80;
    private static final int ERASE_ERROR = 0x20;
    private static final int PROGRAM_ERROR = 0x10;

    /** Both errors together: the writes did not make a command. */
    private static final int SEQUENCE_ERROR = ERASE_ERROR | PROGRAM_ERROR;

    /** The cells of a flash: what they hold, and what keeps it. Under the lock of the flash. */
    public interface Cells {
        /** What the guest reads: native memory, a multiple of {@link #BLOCK}. */
        MemorySegment bytes();

        /**
         * Puts new values into the first {@code length} cells from {@code offset}.
         *
         * @return false if they could not be kept; then nothing has changed
         */
        boolean put(int offset, byte[] values, int length);
    }

    private enum Mode {
        /** Reads find the cells. */
        ARRAY,
        /** Reads find the status register, as in all modes but the first; a write is a command. */
        STATUS,
        /** A write is what to program. */
        PROGRAM,
        /** A write is to confirm an erasure. */
        ERASE
    }

    private final MemorySlots slots;
    private final long address;
    private final Cells cells;
    private final byte[] scratch = new byte[BLOCK];
    private Mode mode = Mode.ARRAY;
    private int status = READY;
    private MemorySlots.@Nullable Slot array;

    /**
     * A flash whose cells are read.
     *
     * @param slots where the guest is shown the cells; ends before they do
     * @param address guest physical, a multiple of {@link #BLOCK}
     */
    public NorFlash(MemorySlots slots, long address, Cells cells) {
        this.slots = slots;
        this.address = address;
        this.cells = cells;
        showArray();
    }

    /** Lets the flash have the guest's writes, and its reads while they find no memory. */
    public void attach(Bus mmio) {
        mmio.add(address, size(), "flash", this);
    }

    private long size() {
        return cells.bytes().byteSize();
    }

    /** Back to the state after power-on; the cells keep what they hold. */
    public synchronized void reset() {
        status = READY;
        enter(Mode.ARRAY);
    }

    @Override
    public synchronized int readByte(int offset) {
        if (offset >= size()) {
            return 0xff;
        }
        // Another processor may have come here before this one changed what is read.
        return mode == Mode.ARRAY ? cells.bytes().get(JAVA_BYTE, offset) & 0xff : status;
    }

    @Override
    public synchronized void writeByte(int offset, int value) {
        if (offset >= size()) {
            return;
        }
        switch (mode) {
            case ARRAY, STATUS -> command(value);
            case PROGRAM -> {
                program(offset, value);
                enter(Mode.STATUS);
            }
            case ERASE -> {
                confirmErasure(offset, value);
                enter(Mode.STATUS);
            }
        }
    }

    private void command(int value) {
        switch (value) {
            case PROGRAM, PROGRAM_ALTERNATE -> enter(Mode.PROGRAM);
            case ERASE -> enter(Mode.ERASE);
            case CLEAR_STATUS -> status = 0;
            case READ_STATUS -> enter(Mode.STATUS);
            case READ_ARRAY -> enter(Mode.ARRAY);
            default -> {
                // No command of this part: it does nothing.
            }
        }
    }

    private void program(int offset, int value) {
        scratch[0] = (byte) (cells.bytes().get(JAVA_BYTE, offset) & value);
        finish(cells.put(offset, scratch, 1) ? 0 : PROGRAM_ERROR);
    }

    private void confirmErasure(int offset, int value) {
        if (value != CONFIRM) {
            finish(SEQUENCE_ERROR);
            return;
        }
        Arrays.fill(scratch, (byte) 0xff);
        finish(cells.put(offset & -BLOCK, scratch, BLOCK) ? 0 : ERASE_ERROR);
    }

    private void finish(int error) {
        status |= READY | error;
    }

    private void enter(Mode next) {
        mode = next;
        if (next == Mode.ARRAY) {
            showArray();
        } else if (array != null) {
            array.close();
            array = null;
        }
    }

    private void showArray() {
        if (array == null) {
            array = slots.map(address, cells.bytes(), MemorySlots.Access.READ_ONLY);
        }
    }
}
