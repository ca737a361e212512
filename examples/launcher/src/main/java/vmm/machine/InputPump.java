package vmm.machine;

import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;
import vmm.platform.Uart16550;

/** Carries what is typed to the connected UART, as fast as the guest takes it. */
final class InputPump {
    private static final int BUFFER_SIZE = 4096;

    /** Guarded by this. */
    private @Nullable Uart16550 uart;

    /** Sends input to {@code next} from now on. */
    synchronized void connect(Uart16550 next) {
        uart = next;
        notifyAll();
    }

    /**
     * Carries {@code input} to its end, on the caller's thread. Nothing is read before there is a UART to take it.
     *
     * @throws IOException if the line is cut
     */
    void carry(InputStream input) throws IOException, InterruptedException {
        byte[] buffer = new byte[BUFFER_SIZE];
        Uart16550 line = connectedAfter(null);
        for (int length = input.read(buffer); length >= 0; length = input.read(buffer)) {
            int taken = line.receiveFully(buffer, 0, length);
            while (taken < length) {
                // That guest has gone; its successor gets the rest.
                line = connectedAfter(line);
                taken += line.receiveFully(buffer, taken, length - taken);
            }
        }
    }

    private synchronized Uart16550 connectedAfter(@Nullable Uart16550 gone) throws InterruptedException {
        while (uart == null || uart == gone) {
            wait();
        }
        return uart;
    }
}
