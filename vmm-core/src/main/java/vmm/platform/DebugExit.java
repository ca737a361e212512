package vmm.platform;

import vmm.bus.Bus;
import vmm.bus.BusDevice;

/**
 * A port that ends the machine: writing {@code value} gives the VMM's process the status {@code (value << 1) | 1}, as
 * QEMU's isa-debug-exit does. For tests; a machine has it only if asked to.
 */
public final class DebugExit implements BusDevice {
    /** The usual port. */
    public static final int PORT = 0xF4;

    private static final int PORTS = 4;

    private final ExitListener listener;

    /** A debug exit that tells {@code listener}. */
    public DebugExit(ExitListener listener) {
        this.listener = listener;
    }

    /** Puts the device at {@link #PORT}. */
    public void attach(Bus ports) {
        ports.add(PORT, PORTS, "debug-exit", this);
    }

    @Override
    public long read(long offset, int size) {
        return 0;
    }

    @Override
    public void write(long offset, int size, long value) {
        listener.exit((int) (value << 1) | 1);
    }
}
