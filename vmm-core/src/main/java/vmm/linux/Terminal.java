package vmm.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * The user's terminal while a guest's console uses it: every key goes to the guest at once and unechoed, but the
 * interrupt key, which still ends the VMM.
 *
 * <p>{@link #close} puts the terminal back as it was. Any thread may call it, more than once.
 */
public final class Terminal implements AutoCloseable {
    private static final int STDIN = 0;
    private static final long TCGETS = 0x5401;
    private static final long TCSETS = 0x5402;

    // struct termios of the kernel: four words of flags, a line discipline, then the control characters.
    private static final int TERMIOS_SIZE = 36;
    private static final int C_IFLAG = 0;
    private static final int C_LFLAG = 12;
    private static final int C_CC = 17;

    private static final int VQUIT = 1;
    private static final int VTIME = 5;
    private static final int VMIN = 6;
    private static final int VSUSP = 10;

    /** BRKINT, INPCK, ISTRIP, ICRNL, IXON. */
    private static final int INPUT_PROCESSING = 0x2 | 0x10 | 0x20 | 0x100 | 0x400;
    /** ICANON, ECHO, IEXTEN. */
    private static final int LINE_EDITING = 0x2 | 0x8 | 0x8000;

    /** Keys that send signals. */
    private static final int ISIG = 0x1;

    private final Descriptor input = new Descriptor(STDIN);
    private final MemorySegment before;

    private Terminal(MemorySegment before) {
        this.before = before;
    }

    /** Takes the terminal on standard input, if it is one, but for its interrupt key. */
    public static Optional<Terminal> takeOver() {
        return takeOver(LINE_EDITING);
    }

    /** The same, but the interrupt key goes to the guest, too. */
    public static Optional<Terminal> takeOverWholly() {
        return takeOver(LINE_EDITING | ISIG);
    }

    private static Optional<Terminal> takeOver(int localProcessing) {
        MemorySegment settings = Arena.ofAuto().allocate(TERMIOS_SIZE, Integer.BYTES);
        Terminal terminal = new Terminal(settings);
        if (terminal.input.ioctl(TCGETS, settings) < 0) {
            return Optional.empty();
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment raw = arena.allocate(TERMIOS_SIZE, Integer.BYTES).copyFrom(settings);
            raw.set(JAVA_INT, C_IFLAG, raw.get(JAVA_INT, C_IFLAG) & ~INPUT_PROCESSING);
            raw.set(JAVA_INT, C_LFLAG, raw.get(JAVA_INT, C_LFLAG) & ~localProcessing);
            raw.set(JAVA_BYTE, C_CC + VQUIT, (byte) 0);
            raw.set(JAVA_BYTE, C_CC + VSUSP, (byte) 0);
            raw.set(JAVA_BYTE, C_CC + VMIN, (byte) 1);
            raw.set(JAVA_BYTE, C_CC + VTIME, (byte) 0);
            terminal.input.ioctl(TCSETS, raw);
        }
        return Optional.of(terminal);
    }

    @Override
    public void close() {
        input.ioctl(TCSETS, before);
    }
}
