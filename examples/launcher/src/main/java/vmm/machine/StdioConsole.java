package vmm.machine;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Optional;
import vmm.linux.Terminal;
import vmm.platform.Uart16550;

/**
 * The console on standard input and output. Streams without buffers of their own: a byte that the guest sends is on the
 * screen before its next instruction.
 */
final class StdioConsole implements Console {
    /** A channel, since closing one frees the thread that waits in its write. */
    private final FileChannel output = new FileOutputStream(FileDescriptor.out).getChannel();

    private final InputPump pump = new InputPump();
    private final Optional<Terminal> terminal = Terminal.takeOver();

    private StdioConsole() {}

    static StdioConsole open() {
        StdioConsole console = new StdioConsole();
        // It blocks in a read that nothing interrupts, and ends with the process.
        Thread.ofPlatform().name("console-input").daemon(true).start(console::carryInput);
        return console;
    }

    @SuppressWarnings("resource") // Standard input is the process's own.
    private void carryInput() {
        try {
            pump.carry(new FileInputStream(FileDescriptor.in));
        } catch (IOException | InterruptedException ended) {
            // No more input comes, and the guest runs on.
        }
    }

    @Override
    public void write(byte[] data, int length) {
        try {
            for (ByteBuffer buffer = ByteBuffer.wrap(data, 0, length); buffer.hasRemaining(); ) {
                output.write(buffer);
            }
        } catch (IOException ignored) {
            // Whoever read the output has gone, as 'head' does; the machine goes on without.
        }
    }

    @Override
    public void connect(Uart16550 uart) {
        pump.connect(uart);
    }

    @Override
    public void hangUp() {
        try {
            output.close();
        } catch (IOException ignored) {
            // It was lost already.
        }
    }

    @Override
    public void close() {
        terminal.ifPresent(Terminal::close);
    }
}
