package vmm.platform;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;
import vmm.bus.Bus;

/**
 * A port for firmware's own log, as QEMU's isa-debugcon: it takes a character at a time and reads {@value #PRESENT}, by
 * which firmware knows that somebody listens.
 */
public final class DebugConsole implements BytePorts {
    /** The port that SeaBIOS and OVMF use. */
    public static final int PORT = 0x402;

    private static final int PRESENT = 0xE9;
    private static final int MOST = 1024;

    private final Consumer<String> lines;
    private final byte[] line = new byte[MOST];
    private int length;

    /** A port whose lines, at most {@value #MOST} characters of each, go to {@code lines} on a vCPU's thread. */
    public DebugConsole(Consumer<String> lines) {
        this.lines = lines;
    }

    /** Puts the device at {@link #PORT}. */
    public void attach(Bus ports) {
        ports.add(PORT, 1, "debug-console", this);
    }

    @Override
    public int readByte(int offset) {
        return offset == 0 ? PRESENT : 0xFF;
    }

    @Override
    public void writeByte(int offset, int value) {
        if (offset == 0) {
            take(value);
        }
    }

    private synchronized void take(int character) {
        if (character == '\n') {
            lines.accept(new String(line, 0, length, StandardCharsets.ISO_8859_1).strip());
            reset();
        } else if (length < MOST) {
            // What a guest wants to say must not change the terminal that it is shown on.
            line[length++] = (byte) (character >= ' ' && character <= '~' ? character : ' ');
        }
    }

    /** Forgets the line that has not ended. */
    public synchronized void reset() {
        Arrays.fill(line, (byte) 0);
        length = 0;
    }
}
