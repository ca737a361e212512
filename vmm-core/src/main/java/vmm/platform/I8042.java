package vmm.platform;

import java.util.Arrays;
import vmm.bus.Bus;

/**
 * The keyboard controller, 8042, with nothing plugged in: self-test, configuration byte, output port and reset.
 *
 * <p>Whatever could be asked of a keyboard or a mouse is answered by silence, and the interface tests say that the
 * clock line of either is stuck, so that a driver's probe ends at once instead of waiting. Address line A20 is always
 * open: see {@link Port92}.
 */
public final class I8042 {
    /** Data port. */
    public static final int DATA_PORT = 0x60;

    /** Command (write) and status (read) port. */
    public static final int COMMAND_PORT = 0x64;

    private static final int STATUS_OUTPUT_FULL = 0x01;
    private static final int STATUS_SYSTEM = 0x04;
    private static final int STATUS_COMMAND = 0x08;
    private static final int STATUS_UNLOCKED = 0x10;

    private static final int READ_RAM = 0x20;
    private static final int WRITE_RAM = 0x60;
    private static final int DISABLE_AUX = 0xA7;
    private static final int ENABLE_AUX = 0xA8;
    private static final int TEST_AUX = 0xA9;
    private static final int SELF_TEST = 0xAA;
    private static final int TEST_KEYBOARD = 0xAB;
    private static final int DISABLE_KEYBOARD = 0xAD;
    private static final int ENABLE_KEYBOARD = 0xAE;
    private static final int READ_INPUT_PORT = 0xC0;
    private static final int READ_OUTPUT_PORT = 0xD0;
    private static final int WRITE_OUTPUT_PORT = 0xD1;
    private static final int WRITE_KEYBOARD_BUFFER = 0xD2;
    private static final int WRITE_AUX_BUFFER = 0xD3;
    private static final int WRITE_AUX = 0xD4;
    private static final int PULSE = 0xF0;

    private static final int RAM_SIZE = 32;
    private static final int CONFIG_SYSTEM = 0x04;
    private static final int CONFIG_KEYBOARD_DISABLED = 0x10;
    private static final int CONFIG_AUX_DISABLED = 0x20;

    private static final int OUTPUT_NOT_RESET = 0x01;
    private static final int OUTPUT_A20 = 0x02;
    private static final int INPUT_UNLOCKED = 0x80;

    private static final int SELF_TEST_PASSED = 0x55;
    private static final int CLOCK_STUCK_LOW = 0x01;

    private final ResetListener listener;

    private final byte[] ram = new byte[RAM_SIZE];
    private int outputPort;
    private int output;
    private boolean outputFull;

    /** The command that waits for its data byte; 0 if none. */
    private int pending;

    private boolean lastWriteWasCommand;

    /** A keyboard controller that tells {@code listener} of a reset. */
    public I8042(ResetListener listener) {
        this.listener = listener;
        reset();
    }

    /** Puts the two ports at {@link #DATA_PORT} and {@link #COMMAND_PORT}. */
    public void attach(Bus ports) {
        ports.add(DATA_PORT, 1, "i8042-data", new Data());
        ports.add(COMMAND_PORT, 1, "i8042-command", new Command());
    }

    /** Back to the state after power-on. */
    public synchronized void reset() {
        Arrays.fill(ram, (byte) 0);
        ram[0] = CONFIG_KEYBOARD_DISABLED | CONFIG_AUX_DISABLED;
        outputPort = OUTPUT_NOT_RESET | OUTPUT_A20;
        output = 0;
        outputFull = false;
        pending = 0;
        lastWriteWasCommand = false;
    }

    private synchronized int status() {
        return STATUS_UNLOCKED
                | (outputFull ? STATUS_OUTPUT_FULL : 0)
                | ((ram[0] & CONFIG_SYSTEM) != 0 ? STATUS_SYSTEM : 0)
                | (lastWriteWasCommand ? STATUS_COMMAND : 0);
    }

    private synchronized int takeOutput() {
        outputFull = false;
        return output;
    }

    /** Returns whether the command resets the machine. */
    private synchronized boolean command(int value) {
        lastWriteWasCommand = true;
        pending = 0;
        if (value >= PULSE) {
            // The low four bits say which lines of the output port stay high; line 0 is the processor's reset.
            return (value & OUTPUT_NOT_RESET) == 0;
        }
        if (value >= READ_RAM && value < READ_RAM + RAM_SIZE) {
            answer(ram[value - READ_RAM]);
            return false;
        }
        if (value >= WRITE_RAM && value < WRITE_RAM + RAM_SIZE) {
            pending = value;
            return false;
        }
        switch (value) {
            case DISABLE_AUX -> ram[0] |= CONFIG_AUX_DISABLED;
            case ENABLE_AUX -> ram[0] &= ~CONFIG_AUX_DISABLED;
            case DISABLE_KEYBOARD -> ram[0] |= CONFIG_KEYBOARD_DISABLED;
            case ENABLE_KEYBOARD -> ram[0] &= ~CONFIG_KEYBOARD_DISABLED;
            case TEST_AUX, TEST_KEYBOARD -> answer(CLOCK_STUCK_LOW);
            case SELF_TEST -> {
                ram[0] |= CONFIG_SYSTEM;
                answer(SELF_TEST_PASSED);
            }
            case READ_INPUT_PORT -> answer(INPUT_UNLOCKED);
            case READ_OUTPUT_PORT -> answer(outputPort);
            case WRITE_OUTPUT_PORT, WRITE_KEYBOARD_BUFFER, WRITE_AUX_BUFFER, WRITE_AUX -> pending = value;
            default -> {
                // Unknown commands are ignored, as the controller's own program does.
            }
        }
        return false;
    }

    /** Returns whether the byte resets the machine. */
    private synchronized boolean data(int value) {
        lastWriteWasCommand = false;
        int to = pending;
        pending = 0;
        switch (to) {
            case WRITE_OUTPUT_PORT -> {
                outputPort = value | OUTPUT_A20;
                return (value & OUTPUT_NOT_RESET) == 0;
            }
            // Without an auxiliary port the byte comes back as if the keyboard had sent it.
            case WRITE_KEYBOARD_BUFFER, WRITE_AUX_BUFFER -> answer(value);
            default -> {
                if (to >= WRITE_RAM && to < WRITE_RAM + RAM_SIZE) {
                    ram[to - WRITE_RAM] = (byte) value;
                }
            }
        }
        return false;
    }

    private void answer(int value) {
        output = value & 0xFF;
        outputFull = true;
    }

    private final class Data implements BytePorts {
        @Override
        public int readByte(int offset) {
            return offset == 0 ? takeOutput() : 0xFF;
        }

        @Override
        public void writeByte(int offset, int value) {
            if (offset == 0 && data(value)) {
                listener.reset("the keyboard controller's output port (port 0x60)");
            }
        }
    }

    private final class Command implements BytePorts {
        @Override
        public int readByte(int offset) {
            return offset == 0 ? status() : 0xFF;
        }

        @Override
        public void writeByte(int offset, int value) {
            if (offset == 0 && command(value)) {
                listener.reset("the keyboard controller (port 0x64)");
            }
        }
    }
}
